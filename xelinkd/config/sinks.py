"""The kinds of sinks: what each is called, and in a few words what it is.

A new one is a module `xelinkd.sinks.NAME`, in which a function of the same name makes the sink from its
settings, and a line here. Its settings are the section of the configuration that has its name.
"""

from __future__ import annotations

from typing import Final

FEATURE_FILE: Final = "feature-file"
NODE_FEATURE: Final = "node-feature"

KINDS: Final[dict[str, str]] = {
    FEATURE_FILE: "a file on the node that nfd-worker reads",
    NODE_FEATURE: "an object in the cluster that nfd-master reads",
}


def section_of(kind: str) -> str:
    """Name the section that has the settings of a kind; its module and its maker are called the same."""
    return kind.replace("-", "_")
