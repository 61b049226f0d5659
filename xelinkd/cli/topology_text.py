"""A topology in the forms that `xelinkd show` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.model.labels import (
    are_subdeviceless,
    ends_of,
    label_lines,
    left_out,
    link_pairs,
    too_few_lanes,
)
from xelinkd.model.topology import CONNECTION_NAMES, XELINK, lane_disagreements
from xelinkd.model.words import size_of
from xelinkd.outputs.format import PlainOptions, Snapshot
from xelinkd.outputs.formats import FORMATS
from xelinkd.views.gpus import gpus
from xelinkd.views.terminal.gpu_text import gpu_lines
from xelinkd.views.terminal.look import Painted, Tone, bad, odd, quiet, strong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.config.schema import Config, Labels
    from xelinkd.model.page import Page
    from xelinkd.model.topology import Row, Sighting, Topology
    from xelinkd.views.terminal.look import Line

LEGEND = (
    "numbers: XeLink lanes; S self, XL* XeLink by way of another GPU, MDF same card, NODE, SYS across PCIe"
)


def as_matrix(page: Page, config: Config) -> Iterator[Line]:
    """Draw tiles against tiles, and say how the GPUs are linked, and what the labels will be."""
    topology, rules = page.topology, config.labels
    links = topology.lanes_by_link()
    labelled = ends_of(link_pairs(topology, rules))
    yield from _matrix(page, labelled)
    yield ()
    yield (quiet(LEGEND),)
    yield _summary(topology, len(links), len(links) - len(labelled), rules)
    yield from gpu_lines(gpus(topology.tiles, links))
    yield ()
    yield from ((line,) for line in label_lines(topology, rules))


def _matrix(page: Page, labelled: set[frozenset[str]]) -> Iterator[Line]:
    tiles = page.topology.tiles
    cells = {(row.local, row.remote): _cell(row, labelled) for row in page.rows}
    texts = (*(cell.text for cell in cells.values()), *map(str, tiles))
    width = max(5, *(len(text) + 1 for text in texts))
    yield " " * width, strong("".join(f"{tile!s:>{width}}" for tile in tiles))
    for tile in tiles:
        row = (cells.get((tile, other), bad("?")) for other in tiles)
        yield strong(f"{tile!s:<{width}}"), *(cell._replace(text=f"{cell.text:>{width}}") for cell in row)


def _cell(row: Row, labelled: set[frozenset[str]]) -> Painted:
    if row.connection == XELINK:
        is_labelled = frozenset((str(row.local), str(row.remote))) in labelled
        return Painted(str(row.lanes), Tone.GOOD if is_labelled else Tone.ODD)
    name = CONNECTION_NAMES.get(row.connection)
    return quiet(name) if name else bad("?")


def _summary(topology: Topology, links: int, unlabelled: int, rules: Labels) -> Line:
    devices = len(topology.devices())
    size = size_of(devices, len(topology.tiles), links)
    if not unlabelled:
        return (size,)
    why = ", ".join(_rules_against(left_out(topology, rules), rules))
    return size, odd(f"; {unlabelled} left out of the labels ({why})")


def _rules_against(unlabelled: tuple[Sighting, ...], rules: Labels) -> Iterator[str]:
    """Name the rules by which the labels have fewer links than the machine."""
    if too_few_lanes(unlabelled, rules):
        yield f"labels.min_lanes = {rules.min_lanes}"
    if are_subdeviceless(unlabelled, rules):
        yield "labels.allow_subdeviceless = false"


def oddities(page: Page) -> list[str]:
    """Say what people should know before they believe the page."""
    incomplete = [f"the page is incomplete: {page.gap}"] if page.gap else []
    return incomplete + [f"a link's ends disagree: {ends}" for ends in lane_disagreements(page.topology)]


def as_labels(page: Page, config: Config) -> str:
    """Give the label lines, as in the feature file."""
    return "".join(f"{line}\n" for line in label_lines(page.topology, config.labels))


def snapshot_of(page: Page, config: Config) -> Snapshot:
    """Give what outputs are made from."""
    return Snapshot(page.topology, page.gap, label_lines(page.topology, config.labels))


def as_output(page: Page, config: Config, form: str) -> bytes:
    """Give what a configured output of a format has, or one without options.

    Raises:
        NotToldError: the source does not tell what the format takes.

    """
    options = next((output for output in config.outputs if output.format == form), PlainOptions())
    return FORMATS[form].render(snapshot_of(page, config), options)
