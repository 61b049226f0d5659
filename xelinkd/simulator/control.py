"""What each request gets, and what it changes: the simulator's protocol, without any I/O.

`_ROUTES` is the list of requests. A change answers with the new state, a bad request with status 4xx
and a sentence.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from xelinkd.simulator.faults import Answer, Mode, health, metrics, parse_mode
from xelinkd.simulator.rest import OPEN, Door, topology, unauthorized
from xelinkd.simulator.rest import PATH as REST_PATH

if TYPE_CHECKING:
    from collections.abc import Callable

    from xelinkd.simulator.machine import Machine

CONTROL_PATH: Final = "/simulator"
METRICS_PATH: Final = "/metrics"
_LINK_PATH: Final = f"{CONTROL_PATH}/links/"
_UP: Final = {"up": True, "down": False}


class State(Struct, frozen=True):
    """All that a request can see or change.

    `scrapes` counts the answers on `/metrics`, errors included, and `reads` those on REST's topology.
    """

    machine: Machine
    mode: Mode = Mode.OK
    scrapes: int = 0
    reads: int = 0
    door: Door = OPEN


class Request(NamedTuple):
    """An HTTP request: method, path without query, body, the header `Authorization`."""

    method: str
    path: str
    body: bytes = b""
    authorization: str = ""


Step = tuple[State, Answer]


def step(state: State, request: Request, *, control: bool) -> Step:
    """Answer one request; with `control` off, only XPU Manager's own paths are served."""
    methods = _ROUTES.get(_LINK_PATH if request.path.startswith(_LINK_PATH) else request.path)
    if methods is None:
        return state, sentence(HTTPStatus.NOT_FOUND, f"nothing here: try {', '.join(_SHOWN)}")
    if request.path.startswith(CONTROL_PATH) and not control:
        return state, sentence(HTTPStatus.FORBIDDEN, "control is switched off for this simulator")
    if request.method not in methods:
        return state, sentence(HTTPStatus.METHOD_NOT_ALLOWED, f"use {', '.join(methods)} here")
    try:
        return methods[request.method](state, request)
    except ValueError as error:
        return state, sentence(HTTPStatus.BAD_REQUEST, str(error))


def _scrape(state: State, _: Request) -> Step:
    return replace(state, scrapes=state.scrapes + 1), metrics(state.machine, state.mode)


def rest_step(state: State, request: Request) -> tuple[State, Answer, float]:
    """Answer one request to the REST server of the bare-metal package; the answer takes so many seconds."""
    if not state.door.opens(request.authorization):
        door, seconds = state.door.refusing()
        return replace(state, door=door), unauthorized(), seconds
    if request.path == REST_PATH and request.method == "GET":
        return replace(state, reads=state.reads + 1), topology(state.machine, state.mode), 0.0
    if request.path == METRICS_PATH and request.method == "GET":
        return *_scrape(state, request), 0.0
    return state, sentence(HTTPStatus.NOT_FOUND, f"nothing here: try {REST_PATH}"), 0.0


def _probe(state: State, _: Request) -> Step:
    return state, health(state.mode)


def _show(state: State, _: Request) -> Step:
    return state, _state_as_json(state)


def _set_mode(state: State, request: Request) -> Step:
    changed = replace(state, mode=parse_mode(_word(request)))
    return changed, _state_as_json(changed)


def _set_link(state: State, request: Request) -> Step:
    word = _word(request)
    if word not in _UP:
        raise ValueError(f"a link is set to up or down, not to {word!r}")
    machine = state.machine.with_link(request.path.removeprefix(_LINK_PATH), up=_UP[word])
    changed = replace(state, machine=machine)
    return changed, _state_as_json(changed)


_ROUTES: Final[dict[str, dict[str, Callable[[State, Request], Step]]]] = {
    # XPU Manager's own: the page, and the health probe as it spells it.
    METRICS_PATH: {"GET": _scrape},
    "/healtz": {"GET": _probe},
    # Control. GET /simulator: machine, node, mode, scrapes served and links, as JSON.
    CONTROL_PATH: {"GET": _show},
    # PUT /simulator/mode, body `ok`, `error-500`, `no-topology` or `no-devices`.
    f"{CONTROL_PATH}/mode": {"PUT": _set_mode},
    # PUT /simulator/links/0.0-3.0, body `up` or `down`; the link may be named from either end.
    _LINK_PATH: {"PUT": _set_link},
}
_SHOWN: Final = ("/metrics", "/healtz", CONTROL_PATH)


def _word(request: Request) -> str:
    return request.body.decode("utf-8", "backslashreplace").strip()


def sentence(status: HTTPStatus, text: str) -> Answer:
    """Give an answer for people."""
    return Answer(status, f"{text}\n".encode(), "text/plain; charset=utf-8")


def _state_as_json(state: State) -> Answer:
    machine = state.machine
    links = {str(link): "down" if link in machine.down else "up" for link in sorted(machine.links)}
    shown = {
        "machine": str(machine),
        "node": machine.node,
        "mode": state.mode,
        "scrapes": state.scrapes,
        "links": links,
    }
    return Answer(HTTPStatus.OK, json.dumps(shown, indent=2).encode() + b"\n", "application/json")
