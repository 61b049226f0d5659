"""The page's section about the files of `[[outputs]]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.views.html import Markup, together
from xelinkd.views.page.parts import code, mark, moment, section, table

if TYPE_CHECKING:
    from xelinkd.state.told import Output, State


def outputs(state: State) -> Markup:
    """Show how each of them stands; nothing where none are configured."""
    told = state.keeping.outputs
    if not told:
        return Markup()
    columns = ("file", "format", "last written", "writes", "fault")
    return section("outputs", "Outputs", table("Outputs", columns, (_row(state, output) for output in told)))


def _row(state: State, output: Output) -> tuple[str, ...]:
    written = moment(state, output.written_at, "not since xelinkd started")
    return code(output.file), output.format, written, str(output.writes), _fault(state, output)


def _fault(state: State, output: Output) -> str:
    if output.fault is None:
        return "none"
    since = moment(state, output.fault.since)
    return together((mark(good=False), output.fault.error, ", since ", since))
