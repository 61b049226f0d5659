"""How hard the tests try: on the newest Python all that they can, on others what may differ there."""

from __future__ import annotations

from hypothesis import settings

FULL = 50  # examples that a test of properties tries, unless it asks for more
BRIEF = 12


def examples(count: int) -> settings:
    """Let a test of properties try so many examples, in a brief run as many fewer as all others do."""
    return settings(max_examples=scaled(count))


def scaled(count: int) -> int:
    """Give how many of these inputs are tried in this run."""
    return count * settings.default.max_examples // FULL  # type: ignore[union-attr]  # a profile is loaded
