"""The colours of the drawing."""

from __future__ import annotations

import re
from itertools import product

import pytest

from xelinkd.views.drawing.svg_style import STYLE

TEXT, LINE = 4.5, 3.0  # the contrasts that WCAG 2.2 asks for (AA)


def palette(scheme: str) -> dict[str, str]:
    """Read the colours of light or dark."""
    light, _, dark = STYLE.partition("prefers-color-scheme: dark")
    found = re.findall(r"--(\w+): #([0-9a-f]{3,6});", light if scheme == "light" else dark)
    return {
        name: digits if len(digits) == 6 else "".join(2 * digit for digit in digits) for name, digits in found
    }


def light(colour: str) -> float:
    """Give a colour's relative luminance."""
    shares = (int(colour[start : start + 2], 16) / 255 for start in (0, 2, 4))
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours."""
    darker, lighter = sorted((light(one), light(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_of_it_can_be_seen(scheme: str) -> None:
    """Text, lines and edges stand out from what is behind them, in light and dark."""
    colours = palette(scheme)
    for text, behind in (
        *product(("ink",), ("ground", "card", "tile")),
        ("soft", "ground"),
        ("lost", "ground"),
    ):
        assert contrast(colours[text], colours[behind]) >= TEXT, (text, behind)
    for line in ("l1", "l8", "l16", "l24", "lost", "edge"):
        assert contrast(colours[line], colours["ground"]) >= LINE, line
