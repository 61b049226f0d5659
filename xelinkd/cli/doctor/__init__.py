"""`xelinkd doctor`: the whole chain, link by link, and what to do about the first that is broken."""

from xelinkd.cli.doctor.verb import run

__all__ = ["run"]
