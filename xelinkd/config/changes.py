"""What differs between two configurations, for the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xelinkd.config.keys import in_force

if TYPE_CHECKING:
    from xelinkd.config.load import Loaded

NONE: Final = "none"  # of a section that may be there several times


def changes(before: Loaded, after: Loaded) -> list[str]:
    """Give a line for each key that changed, and for each file that is the same with other content."""
    old, new = in_force(before.config), in_force(after.config)
    keys = [
        f"{key}: {old.get(key, NONE)} -> {new.get(key, NONE)}"
        for key in dict.fromkeys((*old, *new))
        if old.get(key) != new.get(key)
    ]
    files = [
        f"content of {path}"
        for path, fingerprint in after.fingerprints.items()
        if before.fingerprints.get(path, fingerprint) != fingerprint
    ]
    return keys + files
