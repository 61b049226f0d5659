"""A topology in the forms that `xelinkd show` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from xelinkd.model.labels import label_lines, link_pairs
from xelinkd.model.topology import CONNECTION_NAMES, XELINK, lane_disagreements
from xelinkd.model.words import count
from xelinkd.views.gpus import gpus
from xelinkd.views.terminal.gpu_text import gpu_lines
from xelinkd.views.terminal.look import Painted, Tone, bad, odd, quiet, strong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.config.schema import Config, Labels
    from xelinkd.model.page import Page
    from xelinkd.model.topology import Row
    from xelinkd.views.terminal.look import Line

LEGEND = (
    "numbers: XeLink lanes; S self, XL* XeLink by way of another GPU, MDF same card, NODE, SYS across PCIe"
)


def as_matrix(page: Page, config: Config) -> Iterator[Line]:
    """Draw tiles against tiles, and say how the GPUs are linked, and what the labels will be."""
    links = page.topology.lanes_by_link()
    yield from _matrix(page, config.labels)
    yield ()
    yield (quiet(LEGEND),)
    yield _summary(page, config.labels)
    yield from gpu_lines(gpus(page.topology.tiles, links))
    yield ()
    yield from ((line,) for line in label_lines(page.topology, config.labels))


def _matrix(page: Page, rules: Labels) -> Iterator[Line]:
    tiles = page.topology.tiles
    labelled = _labelled(page, rules)
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


def _labelled(page: Page, rules: Labels) -> set[frozenset[str]]:
    """Give the pairs of tiles that the labels have, whichever end comes first."""
    return {frozenset(pair.split("-")) for pair in link_pairs(page.topology, rules)}


def _summary(page: Page, rules: Labels) -> Line:
    tiles, links = page.topology.tiles, page.topology.lanes_by_link()
    devices = len({tile.device for tile in tiles})
    counts = (count(devices, "GPU"), count(len(tiles), "tile"), count(len(links), "link"))
    labelled = _labelled(page, rules)
    left_out = len(links) - len(labelled)
    why = ", ".join(_rules_against(page, rules, labelled))
    return ", ".join(counts), *((odd(f"; {left_out} left out of the labels ({why})"),) if left_out else ())


def _rules_against(page: Page, rules: Labels, labelled: set[frozenset[str]]) -> Iterator[str]:
    """Name the rules by which the labels have fewer links than the machine."""
    sightings = page.topology.sightings
    left_out = [seen for seen in sightings if frozenset((str(seen.local), str(seen.remote))) not in labelled]
    if any(seen.lanes < rules.min_lanes for seen in left_out):
        yield f"labels.min_lanes = {rules.min_lanes}"
    if not rules.allow_subdeviceless and not all(seen.on_subdevice for seen in left_out):
        yield "labels.allow_subdeviceless = false"


def oddities(page: Page) -> list[str]:
    """Say what people should know before they believe the page."""
    incomplete = [f"the page is incomplete: {page.gap}"] if page.gap else []
    return incomplete + [f"a link's ends disagree: {ends}" for ends in lane_disagreements(page.topology)]


def as_labels(page: Page, config: Config) -> str:
    """Give the label lines, as in the feature file."""
    return "".join(f"{line}\n" for line in label_lines(page.topology, config.labels))


def as_json(page: Page, config: Config) -> str:
    """Give one JSON object; docs/show-json.md describes it."""
    return msgspec.json.format(msgspec.json.encode(as_object(page, config)), indent=2).decode() + "\n"


def as_object(page: Page, config: Config) -> dict[str, object]:
    """Give what becomes the JSON object."""
    links = page.topology.lanes_by_link()
    return {
        "version": 1,
        "complete": page.gap is None,
        "gap": page.gap,
        "tiles": [str(tile) for tile in page.topology.tiles],
        "links": [{"tiles": [str(a), str(b)], "lanes": lanes} for (a, b), lanes in links.items()],
        "labels": list(label_lines(page.topology, config.labels)),
    }
