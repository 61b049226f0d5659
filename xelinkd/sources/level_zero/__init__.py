"""Level Zero Sysman as a source: the fabric ports of all GPUs, asked by a short-lived process of its own.

What speaks to the driver (`reading`, `sysman`, `sysfs`, `netlink`) is loaded in that process alone.
"""

from xelinkd.sources.level_zero.source import level_zero

__all__ = ["level_zero"]
