"""What differs between two configurations, for the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.config.keys import KEYS, value_of

if TYPE_CHECKING:
    from xelinkd.config.load import Loaded


def changes(before: Loaded, after: Loaded) -> list[str]:
    """Give a line for each key that changed, and for each file that is the same with other content."""
    keys = [
        f"{key}: {value_of(before.config, key)} -> {value_of(after.config, key)}"
        for key in KEYS
        if value_of(before.config, key) != value_of(after.config, key)
    ]
    files = [
        f"content of {path}"
        for path, fingerprint in after.fingerprints.items()
        if before.fingerprints.get(path, fingerprint) != fingerprint
    ]
    return keys + files
