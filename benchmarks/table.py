"""Tables of text: for people, and for documents. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    Rows = Sequence[Sequence[str]]  # of equal length; the first has the headings

BEGIN: Final = "<!-- made by tools/bench: begin -->\n"
END: Final = "<!-- made by tools/bench: end -->\n"


def aligned(rows: Rows) -> str:
    """Give rows in columns, as plain text."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def markdown(rows: Rows) -> str:
    """Give rows as a table in Markdown; blanks that indent a cell are kept."""
    cells = [[cell.replace("|", r"\|").replace("  ", "&nbsp;&nbsp;") for cell in row] for row in rows]
    first, *others = (f"| {' | '.join(row)} |" for row in cells)
    return "\n".join([first, f"|{'---|' * len(cells[0])}", *others])


def placed(document: str, text: str, marks: tuple[str, str] = (BEGIN, END)) -> str:
    """Put a text between a document's marks; ValueError if it has none."""
    before, begin, rest = document.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not begin or not end:
        raise ValueError(f"there is no place for the table: {marks[0].strip()} ... {marks[1].strip()}")
    return f"{before}{begin}\n{text}\n{end}{after}"
