"""The simulator's protocol, request by request."""

import json

import pytest

from xelinkd.simulator.control import Request, State, step
from xelinkd.simulator.faults import Mode
from xelinkd.simulator.machine import mesh

STATE = State(mesh(2, 2))


def test_scrapes_are_counted() -> None:
    """Every answer on /metrics counts as a scrape, failures included; probes do not."""
    state = STATE
    for path in ("/metrics", "/healtz", "/metrics"):
        state, _ = step(state, Request("GET", path), control=False)
    state, _ = step(
        State(state.machine, Mode.ERROR_500, state.scrapes), Request("GET", "/metrics"), control=False
    )
    assert state.scrapes == 3


def test_a_link_goes_down_and_up() -> None:
    """A link that is set down is down on the page until it is set up."""
    down, answer = step(STATE, Request("PUT", "/simulator/links/1.0-0.0", b"down\n"), control=True)
    assert json.loads(answer.body)["links"] == {"0.0-1.0": "down", "0.1-1.1": "up"}
    assert down.machine == STATE.machine.with_link("0.0-1.0", up=False)
    assert step(down, Request("PUT", "/simulator/links/0.0-1.0", b"up"), control=True)[0] == STATE


def test_the_mode_changes() -> None:
    """A mode that is set stays until another is set."""
    state, answer = step(STATE, Request("PUT", "/simulator/mode", b"no-devices"), control=True)
    assert (state.mode, json.loads(answer.body)["mode"]) == (Mode.NO_DEVICES, "no-devices")
    assert step(state, Request("GET", "/metrics"), control=True)[1].status == 500


def test_the_state_is_shown() -> None:
    """The state tells machine, node, mode, scrapes and links."""
    _, answer = step(STATE, Request("GET", "/simulator"), control=True)
    assert (answer.status, answer.media) == (200, "application/json")
    assert json.loads(answer.body) == {
        "machine": "2 GPUs x 2 tiles, 2 XeLinks of 4 lanes",
        "node": None,
        "mode": "ok",
        "scrapes": 0,
        "links": {"0.0-1.0": "up", "0.1-1.1": "up"},
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "sentence"),
    [
        ("GET", "/", b"", 404, "nothing here: try /metrics, /healtz, /simulator"),
        ("GET", "/simulator/none", b"", 404, "nothing here: try /metrics, /healtz, /simulator"),
        ("POST", "/metrics", b"", 405, "use GET here"),
        ("GET", "/simulator/mode", b"", 405, "use PUT here"),
        (
            "PUT",
            "/simulator/mode",
            b"",
            400,
            "unknown mode '': choose one of ok, error-500, no-topology, no-devices",
        ),
        ("PUT", "/simulator/mode", b"\xff", 400, r"unknown mode '\\xff': choose one of"),
        ("PUT", "/simulator/links/0.0-1.0", b"off", 400, "a link is set to up or down, not to 'off'"),
        (
            "PUT",
            "/simulator/links/0.0-1.1",
            b"up",
            400,
            "no link '0.0-1.1': this machine has 0.0-1.0, 0.1-1.1",
        ),
        ("PUT", "/simulator/links/", b"up", 400, "no link '': this machine has 0.0-1.0, 0.1-1.1"),
    ],
)
def test_bad_requests(method: str, path: str, body: bytes, status: int, sentence: str) -> None:
    """A bad request changes nothing, and its answer says what to do instead."""
    state, answer = step(STATE, Request(method, path, body), control=True)
    assert state is STATE
    assert answer.status == status
    assert answer.body.decode().startswith(sentence)
    assert answer.body.endswith(b"\n")


@pytest.mark.parametrize("path", ["/simulator", "/simulator/mode", "/simulator/links/0.0-1.0"])
def test_control_can_be_off(path: str) -> None:
    """With control off nobody can steer the simulator, and it says so; XPU Manager's paths are served."""
    state, answer = step(STATE, Request("PUT", path, b"down"), control=False)
    assert (state, answer.status) == (STATE, 403)
    assert answer.body == b"control is switched off for this simulator\n"
    assert step(STATE, Request("GET", "/metrics"), control=False)[1].status == 200
