"""Spans of time as people write them: `"500ms"`, `"10s"`, `"1h30m"`, `"7d"`."""

from __future__ import annotations

import re
from typing import Final, Self

# Largest first. The lookahead keeps the m of "5ms" from being taken for minutes.
_UNITS: Final = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_TEXT: Final = re.compile("".join(rf"(?:([0-9]{{1,9}}){unit}(?![a-z]))?" for unit in _UNITS))
_DAYS_FROM: Final = 48 * _UNITS["h"]  # people say 24h, and 7d


class Duration(float):
    """Seconds, in whole milliseconds; `str()` gives the canonical text, which `parse` reads back."""

    __slots__ = ()

    def __new__(cls, seconds: float) -> Self:
        """Round to milliseconds, so that sums of durations compare as people expect."""
        return super().__new__(cls, round(seconds, 3))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read whole numbers with units (d, h, m, s, ms), the largest unit first, each at most once.

        Raises ValueError for any other text, a number without a unit among them.
        """
        match = _TEXT.fullmatch(text)
        if match is None or not text:
            raise ValueError(f"not a duration: {text!r}")
        counts = zip(match.groups(default="0"), _UNITS.values(), strict=True)
        return cls(sum(int(count) * unit for count, unit in counts) / 1000)

    def __str__(self) -> str:
        """Give the largest units first, without zeros: `1m30s`; days from two days on."""
        rest = round(self * 1000)
        text = ""
        for unit, size in _UNITS.items():
            if unit == "d" and rest < _DAYS_FROM:
                continue
            count, rest = divmod(rest, size)
            text += f"{count}{unit}" if count else ""
        return text or "0s"

    def __repr__(self) -> str:
        """Show the text rather than a bare number, for logs and failing tests."""
        return f"Duration.parse({str(self)!r})"
