"""The page's sections about the labels: as written, with how they were split, and how long they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.model.feature_file import MAX_SIZE
from xelinkd.model.labels import (
    CONTINUATION,
    MAX_VALUE_LENGTH,
    group_is_unknown,
    join_value,
    link_lines,
    pairs_of,
    summary_of,
)
from xelinkd.model.summary import GROUP_UNKNOWN
from xelinkd.model.words import count, span
from xelinkd.views.html import Markup, tag, together
from xelinkd.views.page.parts import code, facts, moment, section, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.state.told import State


def labels(state: State) -> Markup:
    """Show the labels as they are where they go, and how to read them."""
    lines = state.keeping.lines
    if not lines:
        return section("labels", "Labels", tag("p", "No labels are held."))
    head = tag("p", *_head(state, lines))
    parts = table("Labels", ("label", "value", "characters"), map(_row, lines))
    return section("labels", "Labels", head, parts, *_joined(link_lines(lines)), _limits(lines))


def _joined(lines: tuple[str, ...]) -> tuple[Markup, ...]:
    """Show the value that was split."""
    if len(lines) == 1:
        return ()
    joined = join_value(line.partition("=")[2] for line in lines)
    return tag("p", "Joined, as readers do:"), tag("pre", joined, tabindex="0")


def _head(state: State, lines: tuple[str, ...]) -> Iterator[str]:
    """Say what the labels stand for, and where they are."""
    links, seen = len(pairs_of(lines)), state.history.topology
    total = len(seen.lanes_by_link()) if seen else links
    yield f"{count(links, 'link')} in {count(len(link_lines(lines)), 'label')}"
    if total > links:
        yield f" ({total - links} left out, see labels.min_lanes and labels.allow_subdeviceless)"
    yield ", in "
    yield code(state.supervision.place)
    yield "."
    if summed := summary_of(lines):
        yield f" {count(len(summed), 'label')} more (labels.summary) tell what they add up to."
    if group_is_unknown(lines):
        yield f" {GROUP_UNKNOWN}."


def _row(line: str) -> tuple[str, ...]:
    name, _, value = line.partition("=")
    return code(name), code(value) if value else "(empty: no links)", str(len(value))


def _limits(lines: tuple[str, ...]) -> Markup:
    """Say why the value is split, and how near the limits are."""
    size = sum(len(line) + 1 for line in lines)
    return tag(
        "p",
        f"Kubernetes takes at most {MAX_VALUE_LENGTH} characters for a value, which must begin and end with "
        f"a letter or a digit. A longer value is split; each part but the first begins with {CONTINUATION}, "
        f"which readers drop. All labels together take at most {MAX_SIZE:,} bytes, of which Node Feature "
        f"Discovery ignores a larger file; these take {size:,}.",
        class_="soft",
    )


def lease(state: State) -> Markup:
    """Tell when the topology was last seen, and how long that holds."""
    return section("lease", "Observation and lease", facts(_lease(state)))


def _lease(state: State) -> Iterator[tuple[str, str]]:
    fetching, keeping, timing = state.fetching, state.keeping, state.supervision.timing
    yield "source", code(state.source)
    yield "last fetch", moment(state, fetching.ended_at)
    yield "next fetch", moment(state, fetching.asks_at, "not planned")
    if fetching.waits_for_login:
        yield "login", "refused, or perhaps refused: the next fetch waits"
    yield "topology last known", moment(state, keeping.known_at)
    if ignorance := keeping.ignorance:
        yield "unknown since", moment(state, ignorance.since)
        yield "reason", together((code(ignorance.reason), f": {ignorance.detail}"))
    yield "labels end", moment(state, keeping.end, "none are held")
    yield "lease", f"{span(timing.lease)} from each observation that tells the topology"
    yield "labels last written", moment(state, keeping.written_at, "not since xelinkd started")
    if fault := keeping.fault:
        yield "failing since", moment(state, fault.since)
        yield "fault", fault.error
    yield "fetches", f"{fetching.known:,} told the topology, {sum(fetching.unknown.values()):,} did not"
    yield from (("did not tell", f"{reason}: {times:,}") for reason, times in fetching.unknown.items())
    yield from (("odd", oddity) for oddity in fetching.oddities)
