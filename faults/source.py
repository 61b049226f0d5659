"""The faults of the source: everything that an XPU Manager, or what stands in its place, can do wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from faults.answers import response
from faults.fault import Fault
from faults.wire import healthy

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from faults.rig import Rig
    from faults.wire import Exchange, Script

    Begin = Callable[[Rig], AbstractContextManager[None]]


def _playing(script: Script) -> Begin:
    return lambda rig: rig.source.playing(script)


def _answering(make: Callable[[bytes], bytes]) -> Begin:
    """Answer each request with what is made of the healthy page."""

    def script(exchange: Exchange) -> None:
        exchange.request()
        exchange.send(make(exchange.page))

    return _playing(script)


def _silent(exchange: Exchange) -> None:
    exchange.request()
    exchange.linger()


def _every_second_bad(exchange: Exchange) -> None:
    if exchange.number % 2:
        healthy(exchange)
    else:
        exchange.request()
        exchange.send(response(b"#nodata: due to unexpected failure", status="500 no"))


FAULTS: Final = (
    Fault("refused", lambda rig: rig.source.refusing(), ("refused",), counts=False, quick=True),
    Fault("accepted and silent", _playing(_silent), ("timeout",), blocks=True, fetches=5),
    Fault(
        "503 with a good-looking body",
        _answering(lambda page: response(page, status="503 Service Unavailable")),
        ("http_status",),
        quick=True,
    ),
    Fault("every second answer bad", _playing(_every_second_bad), ("http_status",), follows=True),
)
