"""What an output is: what it is made from, what may be asked of it, and what each module of this room has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from xelinkd.model.topology import Topology

MAX_SIZE: Final = 8 * 1024 * 1024  # bytes; 64 GPUs with 2 tiles, all linked, take 1 MB of JSON


class NotToldError(ValueError):
    """An output cannot be made: the source does not tell something that it needs; the text says what."""


class Snapshot(NamedTuple):
    """What an output is made from.

    `gap` is what the topology lacks to be complete, in words (None: nothing); `labels` are the lines of the
    feature file.
    """

    topology: Topology
    gap: str | None
    labels: tuple[str, ...]


class Options(Protocol):
    """What may be asked of an output: the keys of `[[outputs]]` that say how it looks."""

    @property
    def gpu_type(self) -> str:
        """What Slurm calls these GPUs; empty: nothing."""


class PlainOptions(NamedTuple):
    """What is asked of an output that is not configured."""

    gpu_type: str = ""


class Format(Protocol):
    """What a module of this room has."""

    @property
    def MARK(self) -> bytes:  # noqa: N802  a constant of the module
        """How every content begins, and nothing that others write: a file that does is ours."""

    @property
    def STAYS(self) -> bool:  # noqa: N802  as above
        """Whether the file is left in place once nothing confirms it: its readers need some file."""

    def render(self, snapshot: Snapshot, options: Options) -> bytes:
        """Give the content: the same bytes for the same snapshot and options.

        Raises:
            NotToldError: the source does not tell what this takes.

        """
