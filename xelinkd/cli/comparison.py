"""Two sources side by side: what they say differently, and whether the labels are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.cli.exit_status import Status
from xelinkd.cli.terminal import say
from xelinkd.model.differences import differences
from xelinkd.model.labels import label_lines
from xelinkd.model.words import size_of
from xelinkd.views.terminal.look import bad, good, odd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.config.schema import Labels
    from xelinkd.model.differences import Names
    from xelinkd.model.page import Page
    from xelinkd.model.topology import Topology
    from xelinkd.views.terminal.look import Line


def compare(pages: tuple[Page, Page], names: Names, rules: Labels) -> Status:
    """Tell how the two differ."""
    one, other = pages
    found = differences(one.topology, other.topology, names)
    same = label_lines(one.topology, rules) == label_lines(other.topology, rules)
    say((*_sizes(pages, names), (), *_verdict(found, same_labels=same)))
    return Status.DIFFERENT if found else Status.OK


def _sizes(pages: tuple[Page, Page], names: Names) -> Iterator[Line]:
    width = max(map(len, names))
    for page, name in zip(pages, names, strict=True):
        yield f"{name:<{width}}  {_size(page.topology)}", odd(f"; incomplete: {page.gap}" if page.gap else "")


def _verdict(found: tuple[str, ...], *, same_labels: bool) -> Iterator[Line]:
    if not found:
        yield (good("The same tiles and links, in the same order: the labels are the same."),)
        return
    yield from ((odd(difference),) for difference in found)
    yield ()
    yield (good("The labels are the same all the same.") if same_labels else bad("The labels differ."),)


def _size(topology: Topology) -> str:
    return size_of(len(topology.devices()), len(topology.tiles), len(topology.lanes_by_link()))
