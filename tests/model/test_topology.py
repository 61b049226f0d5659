"""Rows added up: tiles, links, and what is odd about them."""

from __future__ import annotations

from xelinkd.model.topology import XELINK, Card, Row, Tile, first_gap, lane_disagreements, topology_of

_A, _B, _C = Tile(0, 0), Tile(0, 1), Tile(1, 0)


def _row(local: Tile, remote: Tile, connection: float = XELINK, lanes: int = 8) -> Row:
    return Row(local, remote, connection, lanes, on_subdevice=True)


def test_tiles_are_sorted_and_links_keep_their_order() -> None:
    """The order of links on the page, which decides what a consumer takes first, is kept."""
    topology = topology_of([_row(_C, _A), _row(_A, _C), _row(_C, _B, 3.0), _row(_B, _A)])
    assert topology.tiles == (_A, _B, _C)
    assert [(seen.local, seen.remote) for seen in topology.sightings] == [(_C, _A), (_A, _C), (_B, _A)]


def test_only_value_1_is_a_link() -> None:
    """A path over other tiles, over the CPU or of an unknown kind is no link."""
    rows = [_row(_A, _B, value) for value in (0.0, 0.999, 2.0, -1.0, float("nan"), float("inf"))]
    assert topology_of(rows).sightings == ()


def test_a_link_has_the_lanes_of_its_weaker_end() -> None:
    """Who reads the topology is never promised more lanes than both ends have."""
    topology = topology_of([_row(_C, _A, lanes=8), _row(_A, _C, lanes=4), _row(_A, _B, lanes=2)])
    assert topology.lanes_by_link() == {(_A, _C): 4, (_A, _B): 2}


def test_ends_that_count_different_lanes_are_named_once() -> None:
    """A link whose ends disagree is pointed out; one seen from one end only is no disagreement."""
    odd = topology_of(
        [_row(_C, _A, lanes=8), _row(_A, _C, lanes=4), _row(_A, _B), _row(_B, _C), _row(_C, _B)]
    )
    assert lane_disagreements(odd) == ("0.0-1.0: 4 and 8 lanes",)


def test_no_rows_are_no_gap() -> None:
    """Nothing at all is a square, too; that it is no page is decided elsewhere."""
    assert first_gap([]) is None
    assert topology_of([]).tiles == ()


def test_a_card_is_told_where_all_rows_of_its_gpu_agree() -> None:
    """Nobody is led to another GPU's file by a page that contradicts itself."""
    one, other = Card(0, "card1", "0000:18:00.0"), Card(0, "card2", "0000:29:00.0")
    rest = _row(_C, _A)._replace(card=Card(1, "card3", "0000:3a:00.0"))
    agreed = [_row(_A, _C)._replace(card=one), _row(_B, _C)._replace(card=one)]
    assert topology_of([*agreed, rest]).cards == (one, rest.card)
    for odd in (other, None):
        assert topology_of([*agreed, _row(_A, _B)._replace(card=odd), rest]).cards == (rest.card,)
