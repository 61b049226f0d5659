"""What XPU Manager 1.3 answers when all is well, and in its usual kinds of trouble."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from xelinkd.simulator.page import render

if TYPE_CHECKING:
    from xelinkd.simulator.machine import Machine

# Its exporter hands plain strings to Flask, which calls every string HTML.
_MEDIA: Final = "text/html; charset=utf-8"


class Mode(StrEnum):
    """How the simulated XPU Manager is doing."""

    OK = "ok"
    ERROR_500 = "error-500"  # an exception inside the exporter
    NO_TOPOLOGY = "no-topology"  # the topology call failed: a page without that family, status 200
    NO_DEVICES = "no-devices"  # the device list cannot be had


class Answer(NamedTuple):
    """An HTTP response: status, body, media type."""

    status: HTTPStatus
    body: bytes
    media: str = _MEDIA


def parse_mode(text: str) -> Mode:
    """Read a mode's name; a ValueError lists them."""
    try:
        return Mode(text)
    except ValueError:
        raise ValueError(f"unknown mode {text!r}: choose one of {', '.join(Mode)}") from None


def metrics(machine: Machine, mode: Mode) -> Answer:
    """Answer a scrape."""
    match mode:
        case Mode.ERROR_500:
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"#nodata: due to unexpected failure")
        case Mode.NO_DEVICES:
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"#nodata: failed to get devices (1)")
        case Mode.OK | Mode.NO_TOPOLOGY:
            return Answer(HTTPStatus.OK, render(machine, topology=mode is Mode.OK))


def health(mode: Mode) -> Answer:
    """Answer a health probe: it asks for the device list alone, so that most trouble does not show."""
    if mode is Mode.NO_DEVICES:
        return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"failed to get devices (1)")
    return Answer(HTTPStatus.OK, b"healthy")
