"""`xelinkd doctor`: the whole chain, link by link, and what to do about the first that is broken."""

from xelinkd.cli.doctor.verb import command_line, run

__all__ = ["command_line", "run"]
