"""A topology in the forms that `xelinkd show` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from xelinkd.config.toml_text import toml_value
from xelinkd.model.labels import label_lines, link_pairs
from xelinkd.model.topology import CONNECTION_NAMES, XELINK, lane_disagreements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.config.schema import Config, Labels
    from xelinkd.model.page import Page
    from xelinkd.model.topology import Row

LEGEND = (
    "numbers: XeLink lanes; S self, XL* XeLink by way of another GPU, MDF same card, NODE, SYS across PCIe"
)


def as_matrix(page: Page, config: Config) -> str:
    """Draw tiles against tiles, and say what the labels will be."""
    return "".join(f"{line}\n" for line in _matrix(page, config))


def _matrix(page: Page, config: Config) -> Iterator[str]:
    tiles = page.topology.tiles
    cells = {(row.local, row.remote): _cell(row) for row in page.rows}
    width = max(5, *(len(str(tile)) + 1 for tile in tiles))
    yield " " * width + "".join(f"{tile!s:>{width}}" for tile in tiles)
    for tile in tiles:
        yield f"{tile!s:<{width}}" + "".join(f"{cells.get((tile, other), '?'):>{width}}" for other in tiles)
    yield ""
    yield LEGEND
    yield _summary(page, config.labels)
    yield ""
    yield from label_lines(page.topology, config.labels)


def _cell(row: Row) -> str:
    return str(row.lanes) if row.connection == XELINK else CONNECTION_NAMES.get(row.connection, "?")


def _summary(page: Page, rules: Labels) -> str:
    tiles, links = page.topology.tiles, page.topology.lanes_by_link()
    devices = len({tile.device for tile in tiles})
    counts = (_count(devices, "GPU"), _count(len(tiles), "tile"), _count(len(links), "link"))
    return ", ".join(counts) + _left_out(page, rules)


def _left_out(page: Page, rules: Labels) -> str:
    """Say why the labels have fewer links than the machine."""
    labelled = {frozenset(pair.split("-")) for pair in link_pairs(page.topology, rules)}
    missing = len(page.topology.lanes_by_link()) - len(labelled)
    subdeviceless = toml_value(rules.allow_subdeviceless)
    why = f"min_lanes = {rules.min_lanes}, allow_subdeviceless = {subdeviceless}"
    return f"; {missing} left out of the labels ({why})" if missing else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def oddities(page: Page) -> list[str]:
    """Say what people should know before they believe the page."""
    incomplete = [f"the page is incomplete: {page.gap}"] if page.gap else []
    return incomplete + [f"a link's ends disagree: {ends}" for ends in lane_disagreements(page.topology)]


def as_labels(page: Page, config: Config) -> str:
    """Give the label lines, as in the feature file."""
    return "".join(f"{line}\n" for line in label_lines(page.topology, config.labels))


def as_json(page: Page, config: Config) -> str:
    """Give one JSON object; docs/show-json.md describes it."""
    links = page.topology.lanes_by_link()
    document = {
        "version": 1,
        "complete": page.gap is None,
        "gap": page.gap,
        "tiles": [str(tile) for tile in page.topology.tiles],
        "links": [{"tiles": [str(a), str(b)], "lanes": lanes} for (a, b), lanes in links.items()],
        "labels": list(label_lines(page.topology, config.labels)),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
