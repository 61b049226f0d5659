"""Pages that the bench makes of recorded ones."""

from __future__ import annotations

from benchmarks.pages import NODE, grown, recorded, without_link
from xelinkd.model.page import read_page


def test_link_is_gone_from_both_ends_and_nothing_else() -> None:
    """A changed cycle changes one link, on a page that is a full square all the same."""
    before, after = read_page(recorded(NODE)), read_page(without_link(recorded(NODE)))
    gone = set(before.topology.lanes_by_link()) - set(after.topology.lanes_by_link())

    assert {f"{low}-{high}" for low, high in gone} == {"0.0-1.0"}
    assert after.gap is None


def test_grown_page_shows_the_same_topology() -> None:
    """The largest page that is allowed is one of the same node, with more telemetry."""
    page = recorded(NODE)
    large = grown(page, 2_000_000)

    assert 1_990_000 < len(large) <= 2_000_000
    assert read_page(large).topology == read_page(page).topology
