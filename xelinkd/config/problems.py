"""What is wrong with a configuration, in words for the person who wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable


class Problem(Struct, frozen=True):
    """One thing to put right: where (a file or a flag), which key (empty for the whole file), and what."""

    where: str
    key: str
    message: str

    def __str__(self) -> str:
        """Give one line."""
        return ": ".join(part for part in (self.where, self.key, self.message) if part)


MAX_PROBLEMS: Final = 100  # more than a person reads


class ConfigError(Exception):
    """The configuration cannot be used; `problems` has everything that is wrong with it, never empty."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Take all problems at once, so that people need one round to mend them."""
        self.problems = tuple(problems)[:MAX_PROBLEMS]
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UnreadableError(ConfigError):
    """The file is there and could not be read, for a reason that may pass though nobody touches the file."""
