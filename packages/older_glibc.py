"""Lets Python's library run with a glibc that is older than the one it was built with.

Usage: older_glibc.py LIBRARY. Of what Debian 12's Python takes from glibc 2.36, one function alone is newer
than 2.34, which RHEL 9 has: `hypot`, version GLIBC_2.35 of libm. (The former version sets errno in a
wrapper, and Python does not look at that.) Here the name of the version becomes GLIBC_2.2.5, the former one,
which each glibc has. The format is that of the Linux Standard Base, 10.7.4 (version requirements), for
64 bits, little-endian.
"""

from __future__ import annotations

import sys
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARY: Final = b"libm.so.6"
NEWER: Final = b"GLIBC_2.35"
FORMER: Final = b"GLIBC_2.2.5"

_VERNEED: Final = 0x6FFFFFFE  # a section's type
_SECTION: Final = Struct("<IIQQQQIIQQ")
_NEEDED: Final = Struct("<HHIII")  # version, count, name of the library, first requirement, next
_REQUIREMENT: Final = Struct("<IHHII")  # hash, flags, index, name, next
_HASH_AND_NAME: Final = (0, 8)  # where they stand in it


class Requirement(NamedTuple):
    """A version that is required of a library: where that is written, and the version's hash and name."""

    place: int
    hash: int
    name: int


def requirements(elf: bytes, library: bytes) -> Iterator[tuple[bytes, Requirement]]:
    """Give what is required of a library, by the names of the versions."""
    section, strings = _section(elf)
    place = section
    while True:
        _, _, file, first, following = _NEEDED.unpack_from(elf, place)
        if _string(elf, strings + file) == library:
            yield from _of_one(elf, place + first, strings)
        if not following:
            return
        place += following


def _of_one(elf: bytes, place: int, strings: int) -> Iterator[tuple[bytes, Requirement]]:
    while True:
        digest, _, _, name, following = _REQUIREMENT.unpack_from(elf, place)
        yield _string(elf, strings + name), Requirement(place, digest, name)
        if not following:
            return
        place += following


def _section(elf: bytes) -> tuple[int, int]:
    """Give where the requirements begin, and the strings that they name."""
    (table,) = Struct("<Q").unpack_from(elf, 0x28)
    size, count = Struct("<HH").unpack_from(elf, 0x3A)
    sections = [_SECTION.unpack_from(elf, table + size * number) for number in range(count)]
    found = next(section for section in sections if section[1] == _VERNEED)
    return found[4], sections[found[6]][4]


def _string(elf: bytes, place: int) -> bytes:
    return elf[place : elf.index(b"\0", place)]


def main(file: Path) -> None:
    """Change it, where it needs to be."""
    required = dict(requirements(file.read_bytes(), LIBRARY))
    if newer := required.get(NEWER):
        elf = bytearray(file.read_bytes())
        for offset, value in zip(_HASH_AND_NAME, required[FORMER][1:], strict=True):
            Struct("<I").pack_into(elf, newer.place + offset, value)
        file.write_bytes(elf)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
