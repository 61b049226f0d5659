"""What differs between two configurations, for the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.config.keys import KEYS, value_of

if TYPE_CHECKING:
    from xelinkd.config.load import Loaded


def changes(before: Loaded, after: Loaded) -> list[str]:
    """Give a line for each key that changed, and one for files whose content did."""
    lines = [
        f"{key}: {value_of(before.config, key)} -> {value_of(after.config, key)}"
        for key in KEYS
        if value_of(before.config, key) != value_of(after.config, key)
    ]
    if before.digest != after.digest:
        lines.append("content of the files that the configuration names")
    return lines
