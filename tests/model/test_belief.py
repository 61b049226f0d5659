"""When an incomplete page is believed."""

from __future__ import annotations

from functools import reduce

import pytest

from xelinkd.model.belief import NO_DOUBT, Doubt, is_believed, weigh
from xelinkd.model.page import Page
from xelinkd.model.topology import XELINK, Row, Tile, topology_of


def _page(lanes: int, gap: str | None) -> Page:
    rows = (Row(Tile(0, 0), Tile(1, 0), XELINK, lanes, on_subdevice=True),)
    return Page(rows, topology_of(rows), gap)


_WHOLE = _page(8, None)
_CUT = _page(8, "no row for 0.0 to 0.0")
_CUT_ELSEWHERE = _page(4, "no row for 0.0 to 0.0")


def _after(*pages: Page | None, enough: int = 3) -> Doubt:
    return reduce(lambda doubt, page: weigh(doubt, page, enough=enough), pages, NO_DOUBT)


@pytest.mark.parametrize(
    ("pages", "believed"),
    [
        pytest.param((_WHOLE,), True, id="a whole page"),
        pytest.param((_CUT,), False, id="once"),
        pytest.param((_CUT, _CUT), False, id="twice"),
        pytest.param((_CUT, _CUT, _CUT), True, id="often enough"),
        pytest.param((_CUT,) * 20, True, id="ever since"),
        pytest.param((_CUT, _CUT, _CUT_ELSEWHERE), False, id="not the same"),
        pytest.param((_CUT, _CUT, None, _CUT), False, id="not in a row: unknown between"),
        pytest.param((_CUT, _CUT, _WHOLE, _CUT), False, id="not in a row: a whole page between"),
        pytest.param((_CUT, _CUT, _CUT, _WHOLE, _CUT), False, id="a whole page ends the belief"),
        pytest.param((_CUT_ELSEWHERE, _CUT, _CUT, _CUT), True, id="the same at last"),
    ],
)
def test_an_incomplete_page_must_come_several_times_in_a_row(
    pages: tuple[Page, ...], *, believed: bool
) -> None:
    """A cut page never costs a label, and a machine that always shows such a page gets its labels."""
    assert is_believed(_after(*pages), enough=3) is believed


def test_one_may_be_enough() -> None:
    """Who asks for it gets every page believed at once."""
    assert is_believed(_after(_CUT, enough=1), enough=1)


def test_counting_ends_where_it_is_enough() -> None:
    """A page that stays incomplete for years does not count on."""
    assert _after(*(_CUT,) * 10) == Doubt((_CUT.topology, str(_CUT.gap)), 3)
