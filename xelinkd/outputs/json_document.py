"""The topology as one JSON object: docs/show-json.md describes it, docs/show-json.schema.json is its schema.

Within a version, fields may be added; none is renamed or removed, and none changes its meaning.
"""

# No `from __future__ import annotations`: msgspec reads the annotations when the program runs.
from typing import Final, Literal

import msgspec
from msgspec import Struct

from xelinkd.model.topology import Card
from xelinkd.outputs.format import Options, Snapshot

MARK: Final = b'{\n  "kind": "xelinkd-topology",\n'
STAYS: Final = False  # its readers take "no file" for "not known"


class Gpu(Struct, frozen=True):
    """A GPU by its device id; its file in /dev/dri and its PCI address, if the source tells them."""

    device: int
    dev_file: str | None
    pci_bdf: str | None


class Link(Struct, frozen=True):
    """A XeLink: its ends, the smaller tile first, and its lanes (if the ends disagree, the fewer)."""

    tiles: tuple[str, str]
    lanes: int


class Document(Struct, frozen=True):
    """The whole: what one look at the source showed."""

    kind: Literal["xelinkd-topology"]
    version: Literal[1]
    complete: bool
    gap: str | None
    gpus: tuple[Gpu, ...]
    tiles: tuple[str, ...]
    links: tuple[Link, ...]
    labels: tuple[str, ...]


def render(snapshot: Snapshot, _options: Options) -> bytes:
    """Give the object, indented, with a newline at its end."""
    return msgspec.json.format(msgspec.json.encode(document(snapshot)), indent=2) + b"\n"


def document(snapshot: Snapshot) -> Document:
    """Put the document together."""
    topology = snapshot.topology
    cards = {card.device: card for card in topology.cards}
    links = topology.lanes_by_link().items()
    return Document(
        kind="xelinkd-topology",
        version=1,
        complete=snapshot.gap is None,
        gap=snapshot.gap,
        gpus=tuple(_gpu(device, cards.get(device)) for device in topology.devices()),
        tiles=tuple(map(str, topology.tiles)),
        links=tuple(Link((str(a), str(b)), lanes) for (a, b), lanes in links),
        labels=snapshot.labels,
    )


def _gpu(device: int, card: Card | None) -> Gpu:
    return Gpu(device, card.dev_file, card.pci_bdf) if card else Gpu(device, None, None)


def schema() -> str:
    """Give the object's JSON schema (2020-12), for docs/show-json.schema.json."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "xelinkd show --format json"}
    return (
        msgspec.json.format(msgspec.json.encode(head | msgspec.json.schema(Document)), indent=2).decode()
        + "\n"
    )
