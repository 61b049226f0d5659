"""What people read about a failed fetch is short, printable and of one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xelinkd.model.unknown import Reason
from xelinkd.net.failure import FetchError, failure


@given(text=st.text())
def test_a_detail_is_always_one_short_printable_line(text: str) -> None:
    """Whatever a server sends, it cannot steer a terminal, forge a line of the log or fill it."""
    detail = FetchError(Reason.PROTOCOL, text * 100).detail
    assert detail.isprintable()
    assert len(detail) <= 500


def test_control_characters_are_shown_as_escapes() -> None:
    """What was really sent can be read in the detail."""
    assert FetchError(Reason.PROTOCOL, "é\x1b[31m\r\n\u202e").detail == "é\\x1b[31m\\r\\n\\u202e"


def test_a_long_detail_is_cut_with_a_mark() -> None:
    """A detail that is cut shows that it is."""
    assert FetchError(Reason.PROTOCOL, "x" * 500).detail == "x" * 500
    assert FetchError(Reason.PROTOCOL, "x" * 501).detail == "x" * 499 + "…"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(13, "Permission denied"), Reason.UNREACHABLE),
        (OSError(113, "No route to host"), Reason.UNREACHABLE),
        (BrokenPipeError(32, "Broken pipe"), Reason.CLOSED),
        (ValueError("something odd"), Reason.PROTOCOL),
    ],
)
def test_an_exception_becomes_where_what_and_what_to_do(error: Exception, reason: Reason) -> None:
    """Faults of a network that cannot be had on one machine are told in the same form."""
    told = failure("http://node:1/metrics", error)
    assert told.reason is reason
    assert str(told).startswith("http://node:1/metrics: ")
    assert str(told).endswith(f"({error})")
