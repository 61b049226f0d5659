"""The table of what end-to-end tests saw: printed, and put into a document."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Seen = dict[str, dict[str, str]]  # by behaviour and column


def nothing_seen() -> Seen:
    """Give a table that is empty yet."""
    return defaultdict(dict)


def in_words(how: object) -> str:
    """Tell how it went: numbers with a point are seconds."""
    return f"{how:.2f} s" if isinstance(how, float) else str(how)


def rows(seen: Seen) -> Iterator[str]:
    """Give the lines of the table."""
    columns = sorted({name for by_column in seen.values() for name in by_column})
    yield f"| behaviour | {' | '.join(columns)} |"
    yield f"| --- |{' --- |' * len(columns)}"
    for behaviour, by_column in seen.items():
        yield f"| {behaviour} | {' | '.join(by_column.get(name, '') for name in columns)} |"


def put(path: Path, tool: str, table: str) -> None:
    """Write the table into a document, between the marks of the tool that makes it."""
    mark = f"<!-- made by {tool}: {{}} -->"
    before, begin, rest = path.read_text().partition(mark.format("begin"))
    _, end, after = rest.partition(mark.format("end"))
    path.write_text(f"{before}{begin}\n\n{table}\n\n{end}{after}")
