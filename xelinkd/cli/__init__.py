"""The command line: the only room that knows it. One module for each verb."""

from xelinkd.deferred import defer_unused

defer_unused()

from xelinkd.cli.main import main  # noqa: E402  what that imports goes without

__all__ = ["main"]
