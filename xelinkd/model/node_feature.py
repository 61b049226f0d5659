"""The NodeFeature object that our labels are kept in: to and from the JSON of Kubernetes' API.

Read from Node Feature Discovery 0.18 (api/nfd/v1alpha1): nfd-master sets what is in `spec.labels` on the node
that the label `nfd.node.kubernetes.io/node-name` names. Its older CRDs want `spec.features` with three maps.
What comes from the API server is checked against these types; what else is in it is passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import msgspec

from xelinkd.model.feature_file import MAX_SIZE, FeatureFile, are_ours, seconds_of, time_stamp
from xelinkd.model.labels import LABEL_NAME
from xelinkd.model.summary import NAMES
from xelinkd.model.undecodable import UNDECODABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GROUP: Final = "nfd.k8s-sigs.io"
VERSION: Final = "v1alpha1"
RESOURCE: Final = "nodefeatures"
NODE_NAME: Final = "nfd.node.kubernetes.io/node-name"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
US: Final = "xelinkd"
LEASE_END: Final = "xelinkd/lease-end"  # the annotation: RFC 3339
_NO_FEATURES: Final[dict[str, dict[str, object]]] = {"flags": {}, "attributes": {}, "instances": {}}

_NUMBERED: Final = re.compile(rf"{LABEL_NAME}(?P<number>[0-9]{{0,5}})")

Text = Annotated[str, msgspec.Meta(max_length=1024)]

_T = TypeVar("_T")


class Owner(msgspec.Struct, frozen=True, rename="camel"):
    """Who takes the object along when it goes."""

    api_version: Text
    kind: Text
    name: Text
    uid: Text


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """What the API knows an object by."""

    name: Text = ""
    uid: Text = ""
    resource_version: Text = ""
    labels: dict[Text, Text] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[Owner, ...] = ()


class _Spec(msgspec.Struct, frozen=True):
    labels: dict[Text, Text] = {}


class NodeFeature(msgspec.Struct, frozen=True):
    """The object, as the API server tells it."""

    metadata: Metadata
    spec: _Spec = _Spec()

    @property
    def is_marked(self) -> bool:
        """Tell whether it says that it is ours."""
        return is_marked(self.metadata)


class Bare(msgspec.Struct, frozen=True):
    """Any object, of which no more matters than this."""

    metadata: Metadata


class _ListMetadata(msgspec.Struct, frozen=True):
    next: Annotated[str, msgspec.Meta(max_length=10_000)] = msgspec.field(default="", name="continue")


class Page(msgspec.Struct, frozen=True):
    """A part of a list; `metadata.next` asks for the one after it, if there is one."""

    items: tuple[Bare, ...]
    metadata: _ListMetadata = _ListMetadata()


class _Details(msgspec.Struct, frozen=True):
    kind: str = ""


class Status(msgspec.Struct, frozen=True):
    """How the API server says that it did not do it."""

    message: str = ""
    reason: str = ""
    details: _Details | None = None


class Identity(msgspec.Struct, frozen=True):
    """Of which node the object tells, where it is, and who owns it (None: nobody)."""

    node: str
    namespace: str
    owner: Owner | None = None

    @property
    def name(self) -> str:
        """The object's name."""
        return f"xelinkd-for-{self.node}"


def is_marked(metadata: Metadata) -> bool:
    """Tell whether an object says that it is ours."""
    return metadata.labels.get(MANAGED_BY) == US


def daemon_set(name: str, uid: str) -> Owner:
    """Give a DaemonSet as an owner."""
    return Owner("apps/v1", "DaemonSet", name, uid)


def render(identity: Identity, file: FeatureFile) -> bytes:
    """Give all that we want of the object: to be applied, not put in place of what is there."""
    metadata: dict[str, object] = {
        "name": identity.name,
        "namespace": identity.namespace,
        "labels": {NODE_NAME: identity.node, MANAGED_BY: US},
        "annotations": {LEASE_END: time_stamp(file.expiry or 0)},
    }
    if identity.owner:
        metadata["ownerReferences"] = [identity.owner]
    return msgspec.json.encode(
        {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": "NodeFeature",
            "metadata": metadata,
            "spec": {"features": _NO_FEATURES, "labels": dict(map(_parted, file.lines))},
        }
    )


def _parted(line: str) -> tuple[str, str]:
    name, _, value = line.partition("=")
    return name, value


def labels_of(found: NodeFeature) -> FeatureFile | None:
    """Give our labels in an object, and their end (None: it does not say); None if it is not ours.

    More than a feature file may have are not: the writer's memory has no room for what an object may hold.
    """
    lines = _in_order(found.spec.labels)
    if not found.is_marked or sum(map(len, lines)) > MAX_SIZE or not are_ours(lines):
        return None
    return FeatureFile(lines, end_of(found.metadata))


def is_complete(found: NodeFeature, identity: Identity) -> bool:
    """Tell whether all else than the labels is as we want it."""
    metadata = found.metadata
    is_owned = identity.owner is None or identity.owner in metadata.owner_references
    return metadata.labels.get(NODE_NAME) == identity.node and is_owned


def end_of(metadata: Metadata) -> int | None:
    """Give the end of the labels in an object (Unix time); None if it does not tell one."""
    return seconds_of(metadata.annotations.get(LEASE_END, ""))


def _in_order(labels: Mapping[str, str]) -> tuple[str, ...]:
    """Put what may be our labels in the order in which they are made; leave out those of others."""
    places = {label: place for label in labels if (place := _place(label))}
    return tuple(f"{label}={labels[label]}" for label in sorted(places, key=places.__getitem__))


def _place(label: str) -> tuple[int, int] | None:
    name = label.partition("/")[2]
    if name in NAMES:
        return 1, NAMES.index(name)
    numbered = _NUMBERED.fullmatch(name)
    return (0, int(numbered["number"] or 1)) if numbered else None


def read_object(body: bytes) -> NodeFeature | None:
    """Read an object; None if it is none."""
    return _read(body, NodeFeature)


def read_bare(body: bytes) -> Bare | None:
    """Read what every object has; None if it is none."""
    return _read(body, Bare)


def read_page(body: bytes) -> Page | None:
    """Read a part of a list; None if it is none."""
    return _read(body, Page)


def read_status(body: bytes) -> Status:
    """Read why the API server did not do it; nothing is known of what has another form."""
    return _read(body, Status) or Status()


def _read(body: bytes, kind: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(body, type=kind)
    except UNDECODABLE:
        return None


def expired(items: Iterable[Bare], now: float) -> tuple[Metadata, ...]:
    """Give those of our objects whose labels have ended (`now` is Unix time)."""
    ours = (item.metadata for item in items if is_marked(item.metadata))
    return tuple(one for one in ours if (end := end_of(one)) is not None and end <= now)
