"""A stand-in for Kubernetes' API server: real HTTPS, objects in memory, and answers that are asked for.

It knows NodeFeature objects and DaemonSets, a bearer token, and enough of server-side apply: maps are merged,
what a field manager applied before and does not any more is dropped. What it does not know of that, the tests
on a real cluster try (tests/e2e/cluster).
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections import deque
from contextlib import ExitStack, contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import trustme

from standins.local_http import LocalServer, QuietHandler, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Object = dict[str, Any]

NODE: Final = "node-1"
NAMESPACE: Final = "xelinkd"
DAEMONSET: Final = "xelinkd"
NAME: Final = f"xelinkd-for-{NODE}"
FEATURES: Final = "/apis/nfd.k8s-sigs.io/v1alpha1/namespaces/"
DAEMONSETS: Final = "/apis/apps/v1/namespaces/"
APPLY: Final = "application/apply-patch+yaml"
REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True)
class Asked:
    """One request as it came; `at` by time.monotonic."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Object:
        """Its body."""
        found: Object = json.loads(self.body)
        return found


@dataclass
class Refusal:
    """An answer that is asked for in place of the real one."""

    status: int
    message: str = "as it is told"
    headers: dict[str, str] = field(default_factory=dict)


if TYPE_CHECKING:
    Act = Callable[["Handler"], None]


@dataclass
class ApiServer:
    """What is in the cluster, what was asked, and how it is answered."""

    folder: Path
    token: str = "the-token"  # noqa: S105  no secret
    objects: dict[str, Object] = field(default_factory=dict)  # by path
    applied: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)  # by path: what we own
    asked: list[Asked] = field(default_factory=list)
    forbidden: set[str] = field(default_factory=set)  # methods
    instead: deque[Refusal | Act | None] = field(
        default_factory=deque
    )  # for the next requests, one after the other
    always: Refusal | Act | None = None  # for each request
    has_crd: bool = True
    port: int = 0  # a free one at first, and the same ever after

    def __post_init__(self) -> None:
        """Make the credentials of a pod."""
        self.ca = trustme.CA()
        self.context = context_of(self.ca)
        self._running = ExitStack()
        self._server: LocalServer
        self.credentials = self.folder / "serviceaccount"
        self.credentials.mkdir()
        self.write_credentials()
        (self.credentials / "namespace").write_text(NAMESPACE)
        self._versions = count(1)
        self.add_daemonset()

    def write_credentials(self) -> None:
        """Write token and CA as they are now, as kubelet does when they rotate."""
        for name, content in (("token", self.token.encode()), ("ca.crt", self.ca.cert_pem.bytes())):
            new = self.credentials / f"..{name}"
            new.write_bytes(content)
            new.rename(self.credentials / name)

    def add_daemonset(self, uid: str = "uid-of-the-daemonset") -> None:
        """Have a DaemonSet, or another of the same name."""
        path = f"{DAEMONSETS}{NAMESPACE}/daemonsets/{DAEMONSET}"
        self.objects[path] = {"kind": "DaemonSet", "metadata": {"name": DAEMONSET, "uid": uid}}

    @contextmanager
    def serving(self) -> Iterator[ApiServer]:
        """Answer inside a `with` block."""
        self._start()
        try:
            yield self
        finally:
            self._running.close()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Refuse connections inside a `with` block; the port stays ours."""
        self._running.close()
        with socket.socket() as kept:
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            kept.bind(("127.0.0.1", self.port))
            yield
        self._start()

    def _start(self) -> None:
        handler = type("_Handler", (Handler,), {"cluster": self})
        self._server = LocalServer(handler, self.context, self.port)
        self.port = self._server.server_port
        self._running.enter_context(running(self._server))

    @contextmanager
    def speaking(self, context: ssl.SSLContext) -> Iterator[None]:
        """Have another certificate inside a `with` block."""
        self._server.context, before = context, self._server.context
        try:
            yield
        finally:
            self._server.context = before

    def rotate_ca(self) -> None:
        """Be certified by another authority from now on; the pods do not know it yet."""
        self.ca = trustme.CA()
        self._server.context = self.context = context_of(self.ca)

    @property
    def url(self) -> str:
        """Where it is, once it has answered."""
        return f"https://127.0.0.1:{self.port}"

    def settings(self, **others: object) -> dict[str, object]:
        """Give the keys of `[node_feature]` that lead here."""
        given = {"node": NODE, "daemonset": DAEMONSET, "server": self.url}
        return {**given, "credentials_dir": str(self.credentials), **others}

    # What is there.

    @property
    def path(self) -> str:
        """The path of our object."""
        return path_of(NAME)

    @property
    def object(self) -> Object | None:
        """Our object, if it is there."""
        return deepcopy(self.objects.get(self.path))

    def labels(self) -> dict[str, str]:
        """Give the labels in our object; none if there is no object."""
        labels: dict[str, str] = (self.object or {"spec": {}})["spec"].get("labels", {})
        return labels

    def requests(self, method: str | None = None) -> list[str]:
        """Give what was asked, as `GET nodefeatures`."""
        wanted = [asked for asked in self.asked if method in {None, asked.method}]
        return [f"{asked.method} {_kind(asked.path)}" for asked in wanted]

    # What others do to it.

    def put(self, path: str, value: Object) -> None:
        """Put an object there, as anybody may."""
        value["metadata"]["resourceVersion"] = str(next(self._versions))
        value["metadata"].setdefault("uid", f"uid-{next(self._versions)}")
        self.objects[path] = value

    def touch(self) -> None:
        """Change our object in a way that does not matter to us."""
        self.objects[self.path]["metadata"]["resourceVersion"] = str(next(self._versions))

    # How it answers.

    def answer(self, handler: Handler, asked: Asked) -> None:
        """Answer one request."""
        self.asked.append(asked)
        act = self.instead.popleft() if self.instead else self.always
        if isinstance(act, Refusal):
            handler.refuse(act)
        elif act is not None:
            act(handler)
        elif asked.headers.get("authorization") != f"Bearer {self.token}":
            handler.refuse(Refusal(401, "Unauthorized"))
        elif asked.method in self.forbidden:
            handler.refuse(Refusal(403, f'nodefeatures.nfd.k8s-sigs.io "{NAME}" is forbidden'))
        else:
            self.serve(handler, asked)

    def serve(self, handler: Handler, asked: Asked) -> None:
        """Do as it is told, and answer rightly."""
        if asked.path == REVIEWS:
            wanted = asked.json["spec"]["resourceAttributes"]["verb"]
            methods = {"get": "GET", "patch": "PATCH", "create": "PATCH", "delete": "DELETE"}
            allowed = methods.get(wanted) not in self.forbidden
            handler.give(201, {**asked.json, "status": {"allowed": allowed}})
        elif asked.path.startswith(FEATURES) and not self.has_crd:
            handler.answer(404, b"404 page not found\n", Content_Type="text/plain")
        elif asked.method == "PATCH":
            self._apply(handler, asked)
        elif asked.path.endswith("/nodefeatures"):
            self._list(handler, asked)
        elif asked.path not in self.objects:
            kind, _, name = asked.path.rpartition("/")
            handler.refuse(Refusal(404, "not found"), name=name, kind=kind.rpartition("/")[2])
        elif asked.method == "DELETE":
            self._delete(handler, asked)
        else:
            handler.give(200, self.objects[asked.path])

    def _apply(self, handler: Handler, asked: Asked) -> None:
        if asked.headers.get("content-type") != APPLY:
            handler.refuse(Refusal(415, "the body of the request was in an unknown format"))
            return
        if not asked.query.get("fieldManager"):
            handler.refuse(Refusal(422, "fieldManager: Required value: is required for apply patch"))
            return
        before = self.objects.get(asked.path)
        merged = deepcopy(before) if before else {"metadata": {"uid": f"uid-{next(self._versions)}"}}
        owned = set(_leaves(asked.json))
        for gone in self.applied.get(asked.path, set()) - owned:
            _drop(merged, gone)
        _merge(merged, asked.json)
        self.applied[asked.path] = owned
        if merged != before:
            merged["metadata"]["resourceVersion"] = str(next(self._versions))
        self.objects[asked.path] = merged
        handler.give(200 if before else 201, merged)

    def _list(self, handler: Handler, asked: Asked) -> None:
        name, _, value = asked.query.get("labelSelector", "").partition("=")
        found = [
            each
            for path, each in sorted(self.objects.items())
            if path.startswith(f"{asked.path}/")
            and (not name or each["metadata"].get("labels", {}).get(name) == value)
        ]
        after, limit = asked.query.get("continue", ""), int(asked.query.get("limit", "500"))
        rest = [each for each in found if each["metadata"]["name"] > after]
        more = rest[limit - 1]["metadata"]["name"] if len(rest) > limit else ""
        handler.give(200, {"kind": "List", "metadata": {"continue": more}, "items": rest[:limit]})

    def _delete(self, handler: Handler, asked: Asked) -> None:
        metadata = self.objects[asked.path]["metadata"]
        only = (asked.json if asked.body else {}).get("preconditions", {})
        if any(metadata[key] != value for key, value in only.items()):
            handler.refuse(Refusal(409, "Precondition failed"))
            return
        del self.objects[asked.path]
        self.applied.pop(asked.path, None)
        handler.give(200, {"kind": "Status", "status": "Success"})


def _kind(path: str) -> str:
    return next(kind for kind in ("nodefeatures", "daemonsets", "selfsubjectaccessreviews") if kind in path)


def context_of(authority: trustme.CA) -> ssl.SSLContext:
    """Give a server's context, with a certificate for this machine."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def path_of(name: str) -> str:
    """Give the path of a NodeFeature object."""
    return f"{FEATURES}{NAMESPACE}/nodefeatures/{name}"


def _leaves(value: Object, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            yield from _leaves(inner, (*at, key))
        else:
            yield (*at, key)


def _drop(value: Object, at: tuple[str, ...]) -> None:
    with suppress(KeyError):
        for key in at[:-1]:
            value = value[key]
        del value[at[-1]]


def _merge(into: Object, new: Object) -> None:
    for key, inner in new.items():
        if isinstance(inner, dict) and isinstance(into.get(key), dict):
            _merge(into[key], inner)
        else:
            into[key] = deepcopy(inner)


class Handler(QuietHandler):
    """Reads a request, and has the cluster answer it."""

    cluster: ApiServer

    def respond(self) -> None:
        """Answer whatever is asked."""
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, url.path, query, headers, body, time.monotonic())
        self.cluster.answer(self, asked)

    do_PATCH = do_DELETE = do_POST = respond  # noqa: N815  as http.server wants them

    def give(self, status: int, value: Object) -> None:
        """Send JSON."""
        self.answer(status, json.dumps(value).encode(), Content_Type="application/json")

    def refuse(self, refusal: Refusal, **details: str) -> None:
        """Send a Status, as the API server does."""
        status = {"kind": "Status", "message": refusal.message, "code": refusal.status, "details": details}
        named = {name.replace("-", "_"): value for name, value in refusal.headers.items()}
        self.answer(refusal.status, json.dumps(status).encode(), Content_Type="application/json", **named)
