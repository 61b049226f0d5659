"""What a target is, and the two sizes in which it is fuzzed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MARK: Final = b"\xc1"  # in neither UTF-8 nor MessagePack
_DIGITS: Final = 4  # of a number, about


@dataclass(frozen=True, slots=True)
class Target:
    """A reader of bytes.

    `check` raises whatever it likes for an input with which the reader breaks a promise. `seeds` are inputs
    to begin with, `hazards` those that are to be enlarged; `words` is what the reader's language is made of.
    Sizes are in bytes: `max_size` of an input, `full_size` of what it is enlarged to.
    """

    check: Callable[[bytes], None]
    seeds: Sequence[bytes]
    words: Sequence[bytes]
    hazards: Sequence[bytes] = ()
    max_size: int = 4096
    full_size: int = 128 * 1024


def large(target: Target) -> Target:
    """Make a target of long inputs from short ones, for readers that take too long or too much memory."""
    seeds = [*target.hazards, *(marked for seed in target.seeds for marked in _marked(seed))]
    return replace(
        target,
        check=lambda data: target.check(enlarged(data, target.full_size)),
        seeds=seeds,
        words=[*target.words, MARK],
    )


def enlarged(data: bytes, size: int) -> bytes:
    """Repeat what stands between two marks up to `size` bytes; a third mark in it is where it is numbered.

    `{M,lM="1"M} 1` becomes `{,l0="1",l1="1",l2="1"} 1`, where M is the mark.
    """
    match data.split(MARK, 3):
        case [head, unit, tail]:
            middle = unit * (size // max(1, len(unit)))
        case [head, left, right, tail]:
            count = size // (len(left) + len(right) + _DIGITS)
            middle = b"".join(b"%b%d%b" % (left, number, right) for number in range(count))
        case _:
            return data
    return head + middle + tail


def _marked(seed: bytes) -> tuple[bytes, bytes]:
    """Mark the whole, and its middle third to be numbered."""
    third = len(seed) // 3
    middle = MARK.join((seed[third : 2 * third], b""))
    return MARK + seed + MARK, MARK.join((seed[:third], middle, seed[2 * third :]))
