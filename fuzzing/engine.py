"""One target under atheris, in a process that libFuzzer takes over.

Usage: python -m fuzzing.engine TARGET FOLDER [OPTIONS OF LIBFUZZER...]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import atheris  # type: ignore[import-untyped]

from fuzzing.cost import bounded
from fuzzing.outcome import PROGRESS
from fuzzing.targets import load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Whose branches the fuzzer sees, and looks for new ones.
_WATCHED: Final = ["xelinkd", "tomli", "urllib3", "http", "email"]

_PROGRESS_EVERY: Final = 5.0  # seconds


def main(name: str, folder: Path, *options: str) -> None:
    """Fuzz until libFuzzer has had enough; this never returns."""
    with atheris.instrument_imports(include=_WATCHED):
        target = load(name)
    corpus = folder / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    seeds = _write_seeds(target.seeds, folder / "seeds" / name)
    words = _write_words(target.words, folder / f"{name}.dict")
    arguments = [f"-dict={words}", f"-max_len={target.max_size}", *options, str(corpus), str(seeds)]
    atheris.Setup([sys.argv[0], *arguments], _counted(bounded(target.check)))
    atheris.Fuzz()


def _write_seeds(seeds: Sequence[bytes], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / str(number)).write_bytes(seed)
    return folder


def _write_words(words: Sequence[bytes], path: Path) -> Path:
    """Write libFuzzer's dictionary: one quoted word a line."""
    path.write_text("".join(f'"{_escaped(word)}"\n' for word in words))
    return path


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _counted(check: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Tell on standard error every few seconds how far it is."""
    began = told = time.monotonic()
    count = 0

    def counted(data: bytes) -> None:
        nonlocal told, count
        check(data)
        count += 1
        now = time.monotonic()
        if now >= told + _PROGRESS_EVERY:
            told = now
            sys.stderr.write(f"{PROGRESS}{count:,} inputs, {count / (now - began):,.0f}/s\n")

    return counted


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
