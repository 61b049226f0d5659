"""What the page is built of: sections, tables, lists of facts, moments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.model.words import relative
from xelinkd.views.html import Markup, tag
from xelinkd.views.words import clock, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xelinkd.state.told import State


def section(name: str, heading: str, *content: str) -> Markup:
    """Give a section with its heading; its id is the name."""
    title = tag("h2", heading, id=f"{name}-heading")
    return tag("section", title, *content, id=name, aria_labelledby=f"{name}-heading")


def table(label: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Give a table, the first cell of each row its heading; it scrolls by itself where it is too wide."""
    head = tag("tr", *(tag("th", column, scope="col") for column in columns))
    body = (tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows)
    return scrolling(label, tag("table", tag("thead", head), tag("tbody", *body)))


def scrolling(label: str, content: Markup) -> Markup:
    """Give a box that scrolls sideways, also by keyboard."""
    return tag("div", content, class_="scrolling", role="region", tabindex="0", aria_label=label)


def facts(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Give a list of names and values."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs))


def moment(state: State, at: float | None, never: str = "never") -> Markup:
    """Give a moment of boot time: when it was, and how long ago."""
    if at is None:
        return tag("span", never)
    time = tag("time", f"{clock(state, at)} UTC", datetime=stamp(state, at))
    return tag("span", time, " ", tag("span", f"({relative(at - state.now.boot)})", class_="soft"))


def code(text: str) -> Markup:
    """Give a text as it is written."""
    return tag("code", text)


def mark(*, good: bool) -> Markup:
    """Give a sign for good or bad, which has a shape, a colour and a name."""
    shape, kind, name = ("✓", "good", "passes") if good else ("✕", "bad", "fails")
    return tag("span", shape, class_=f"sign {kind}", role="img", aria_label=name)
