"""The faults of XPU Manager's REST server: what it can do wrong that a page cannot, and the worst besides."""

from __future__ import annotations

import json
import ssl
import time
from contextlib import contextmanager
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from support.bare_metal import make_nameless

from faults import pages
from faults.answers import response, until_closed
from faults.fault import Fault
from faults.rig import BEFORE
from faults.scripts import answering, endless, sending
from xelinkd.simulator.faults import Mode
from xelinkd.simulator.rest import PATH, USER, topology

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faults.rig import Rig
    from faults.wire import Exchange, Script
    from xelinkd.simulator.machine import Machine

_MIB: Final = 1024 * 1024
_PIPELINE: Final = frozenset({"xelinkd:fetcher", "xelinkd:writer"})
_TARPIT: Final = 0.4  # seconds
_REFUSED: Final = response(b"Unauthorized Access", status="401 UNAUTHORIZED")


def speak_rest(rig: Rig) -> None:
    """Have the source be a REST server with XPU Manager's certificate, and the daemon have its pin."""
    context, pin = _certificate("xpum")
    rig.source.speak_tls(context)
    rig.source.tell_as(_answer, BEFORE)
    (rig.folder / "pin.pem").write_text(pin)
    url = rig.source.url("https", path=PATH)
    rig.daemon.configure(source={"kind": "rest", "rest_url": url, "pin_file": str(rig.folder / "pin.pem")})


def _answer(machine: Machine) -> bytes:
    return topology(machine, Mode.OK).body


@cache
def _certificate(name: str) -> tuple[ssl.SSLContext, str]:
    """Give what a server with a certificate of its own needs, and the pin for it."""
    with TemporaryDirectory(prefix="xelinkd-faults-") as folder:
        both, pin = make_nameless(Path(folder), name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        return context, pin.read_text()


def _playing(name: str, reason: str, script: Script) -> Fault:
    return Fault(f"REST: {name}", lambda rig: rig.source.playing(script), (reason,), prepare=speak_rest)


def _json(name: str, reason: str, make: Callable[[bytes, int], bytes]) -> Fault:
    """Have nothing wrong but the JSON."""
    return _playing(name, reason, answering(lambda body, number: response(make(body, number))))


def _large(name: str, reason: str, make: Callable[[], bytes]) -> Fault:
    """Flood with what takes long to be made: that is done before the fault begins."""
    return Fault(
        f"REST: {name}",
        lambda rig: rig.source.playing(sending(response(make()))),
        (reason, "timeout"),
        prepare=speak_rest,
        blocks=True,
    )


def _with_row(body: bytes, number: int, **fields: Any) -> bytes:  # noqa: ANN401  any value of JSON
    """Change one row; another one for the next number. None as a value takes the row away."""
    rows = json.loads(body)
    at = 37 * number % len(rows)
    rows[at] |= fields
    return json.dumps(rows if fields else rows[:at] + rows[at + 1 :]).encode()


def _rows(tiles: int) -> bytes:
    """Give a full square of so many tiles, all linked."""
    row = (
        '{"local_device_id":%d,"local_subdevice_id":0,"local_on_subdevice":true,"remote_device_id":%d,'
        '"remote_subdevice_id":0,"link_type":"XL","port_list":[4,0,0,0,0,0,0,0]}'
    )
    return b"[" + b",".join((row % pair).encode() for pair in product(range(tiles), repeat=2)) + b"]"


@contextmanager
def _tarpit(rig: Rig) -> Iterator[None]:
    """Refuse a password, slowly, that is corrected when the fault is over."""
    with rig.source.playing(_refuse_slowly):
        (rig.folder / "password").write_text("wrong")
        yield
    (rig.folder / "password").write_text("right")


def _refuse_slowly(exchange: Exchange) -> None:
    exchange.request()
    time.sleep(_TARPIT)
    exchange.send(_REFUSED)


def _speak_rest_with_login(rig: Rig) -> None:
    speak_rest(rig)
    (rig.folder / "password").write_text("right")
    rig.daemon.configure(source={"user": USER, "password_file": str(rig.folder / "password")})


@contextmanager
def _renewed(rig: Rig) -> Iterator[None]:
    """Have another certificate from now on; the pin follows when the fault is over."""
    context, pin = _certificate("renewed")
    rig.source.speak_tls(context)
    yield
    (rig.folder / "new.pem").write_text(pin)
    (rig.folder / "new.pem").rename(rig.folder / "pin.pem")


FAULTS: Final = (
    _playing(
        "400 with its words",
        "xpum_error",
        sending(response(b'{"Message":"no","Status":1}', status="400 BAD")),
    ),
    _playing("404, as of a container", "http_status", sending(response(b"", status="404 NOT FOUND"))),
    Fault(
        "REST: 401 from the tarpit",
        _tarpit,
        ("unauthorized", "timeout"),
        prepare=_speak_rest_with_login,
        blocks=True,
        counts=False,
        may_end=_PIPELINE,
    ),
    Fault(
        "REST: another certificate than the pinned one",
        lambda rig: rig.source.speaking(_certificate("other")[0]),
        ("tls_certificate",),
        prepare=speak_rest,
    ),
    Fault(
        "REST: certificate renewed, then the pin",
        _renewed,
        ("tls_certificate",),
        prepare=speak_rest,
        may_end=_PIPELINE,
    ),
    _json("HTML", "not_json", lambda *_: pages.HTML),
    _playing(
        "cut without length", "malformed", answering(lambda body, _: until_closed(body[: len(body) // 2]))
    ),
    _json("a row is missing", "incomplete", _with_row),
    _json("negative id in a row", "incomplete", lambda body, n: _with_row(body, n, local_device_id=-1)),
    _json("an id that is text", "malformed", lambda body, n: _with_row(body, n, local_device_id="0")),
    _json("a type that is not known", "incomplete", lambda body, n: _with_row(body, n, link_type="Unknown")),
    _json("no rows", "no_samples", lambda *_: b"[]"),
    _large("nested a million deep", "malformed", lambda: b"[" * _MIB),
    _large("7 MiB of rows", "too_large", lambda: _rows(200)),
    _large("more links than labels can tell", "feature_file_failing", lambda: _rows(110)),
    Fault(
        "REST: endless",
        lambda rig: rig.source.playing(endless(until_closed(b"["), b" ")),
        ("too_large", "timeout"),
        prepare=speak_rest,
        blocks=True,
    ),
)
