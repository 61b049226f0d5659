"""Names for what is moved aside: it is somebody's, so it is kept."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def place_aside(path: Path) -> Path:
    """Give this name, or with a number after it the first that is free."""
    return next(place for place in numbered(path) if not os.path.lexists(place))


def numbered(path: Path) -> Iterator[Path]:
    """Give this name, then with numbers after it: `.2`, `.3`..."""
    yield path
    for n in count(2):
        yield path.with_name(f"{path.name}.{n}")
