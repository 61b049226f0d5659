"""The command line: the only room that knows it. One module for each verb."""

from xelinkd.cli.main import main

__all__ = ["main"]
