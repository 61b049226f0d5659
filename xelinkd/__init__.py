"""xelinkd: keeps a node's XeLink labels true, from Intel XPU Manager's topology."""

__version__ = "0.1.0"
