"""What plays a part in the demo: who tells the links, and where labels go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Source(Protocol):
    """Who tells the links."""

    @property
    def introduction(self) -> str:
        """The words that the first scene ends with."""

    @property
    def settings(self) -> str:
        """What leads to it, for the configuration."""

    def set_link(self, link: str, *, up: bool) -> None:
        """Steer it."""

    def fails(self, sink: Sink) -> None:
        """Play its scene: it fails, and comes back."""


class Sink(Protocol):
    """Where labels go."""

    @property
    def settings(self) -> str:
        """What leads to it, for the configuration."""

    @property
    def beginning(self) -> int:
        """How many lines of it are enough to know it by."""

    def labels(self) -> Mapping[str, str]:
        """Give the labels in it; none if it is not there."""

    def links(self) -> set[str]:
        """Give the links that they tell of."""

    def shown(self) -> str:
        """Give it as people see it."""

    def explain(self) -> None:
        """Show it, and what it means."""

    def fails(self, source: Source) -> None:
        """Play its scene: it fails, and comes back."""
