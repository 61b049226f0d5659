"""Numbers and spans of time in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS: Final = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def count(number: int, noun: str) -> str:
    """Give a number with its noun: `1 link`, `2 links`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def size_of(devices: int, tiles: int, links: int) -> str:
    """Give the size of a machine: `8 GPUs, 16 tiles, 56 links`."""
    return ", ".join((count(devices, "GPU"), count(tiles, "tile"), count(links, "link")))


def listed(names: Iterable[str], most: int) -> str:
    """Give at most so many names, and how many more there are."""
    names = tuple(names)
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def span(seconds: float) -> str:
    """Give whole seconds in the two largest units that count: `5 s`, `12 min 3 s`, `2 d 4 h`."""
    rest, parts = max(0, int(seconds)), []
    for unit, size in _UNITS:
        number, rest = divmod(rest, size)
        parts.append((number, unit))
    first = next((index for index, (number, _) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2] if number) or "0 s"


def relative(seconds: float) -> str:
    """Tell how far off a moment is: `5 s ago`, `in 3 h`; negative is in the past."""
    return f"in {span(seconds)}" if seconds > 0 else f"{span(-seconds)} ago"
