"""The page: all of the state for people. Complete in itself, without scripts, nothing from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xelinkd.views.drawing import svg_style
from xelinkd.views.html import Markup, policy, style, tag
from xelinkd.views.outlook import VERDICTS, Outlook, Tone, outlook
from xelinkd.views.page import daemon_parts, label_parts, output_parts, topology_parts
from xelinkd.views.page.page_style import PAGE_STYLE
from xelinkd.views.words import clock, stamp

if TYPE_CHECKING:
    from xelinkd.state.told import State

CONTENT_TYPE: Final = "text/html; charset=utf-8"
_STYLE: Final = PAGE_STYLE + svg_style.STYLE
CONTENT_SECURITY_POLICY: Final = policy(_STYLE, "img-src data:")

# An icon in the page: browsers ask for one elsewhere otherwise.
_ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath d='M4 4l8 8M4 12l8-8' stroke='%233f78b3' stroke-width='2'/%3E"
    "%3Cg fill='%23255c98'%3E%3Ccircle cx='3' cy='3' r='3'/%3E%3Ccircle cx='13' cy='3' r='3'/%3E"
    "%3Ccircle cx='3' cy='13' r='3'/%3E%3Ccircle cx='13' cy='13' r='3'/%3E%3C/g%3E%3C/svg%3E"
)
_SIGNS: Final = {Tone.GOOD: "✓", Tone.ODD: "!", Tone.BAD: "✕"}
_SECTIONS: Final = (
    topology_parts.topology,
    daemon_parts.checks,
    label_parts.lease,
    topology_parts.last_changes,
    topology_parts.matrix,
    label_parts.labels,
    daemon_parts.configuration,
)
_ASIDE: Final = (output_parts.outputs, daemon_parts.processes, daemon_parts.confinement)


def document(state: State) -> bytes:
    """Give the page.

    It does not load itself again, which would take it away from those who read slowly (WCAG 2.2.1): it has
    a link for that.
    """
    seen = outlook(state)
    aside = tag("div", *(build(state) for build in _ASIDE), class_="aside")
    main = tag("main", _state(seen), *(build(state) for build in _SECTIONS), aside)
    body = tag("body", _header(state), main, daemon_parts.footer(state))
    return f"<!DOCTYPE html>\n{tag('html', _head(seen), body, lang='en')}\n".encode()


def _head(seen: Outlook) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("title", f"{_SIGNS[seen.tone]} {seen.brief} - xelinkd"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href=_ICON),
        style(_STYLE),
    )


def _header(state: State) -> Markup:
    now = state.now.boot
    as_of = tag("time", f"{clock(state, now)} UTC", datetime=stamp(state, now))
    again = tag("a", "Look again", href="./")
    return tag("header", tag("h1", "XeLink labels of this node"), tag("p", "As of ", as_of, ". ", again))


def _state(seen: Outlook) -> Markup:
    sign = tag("span", _SIGNS[seen.tone], class_="sign", aria_hidden="true")
    heading = tag("h2", sign, VERDICTS[seen.tone], id="state-heading")
    first, *others = seen.sentences
    words = (tag("p", first, class_="first"), *(tag("p", sentence) for sentence in others))
    return tag("section", heading, *words, id="state", class_=seen.tone, aria_labelledby="state-heading")
