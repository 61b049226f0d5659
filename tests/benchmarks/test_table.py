"""Where a table goes in a document."""

from __future__ import annotations

import pytest

from benchmarks.table import BEGIN, END, placed


def test_table_takes_the_place_of_the_former_one() -> None:
    """The document keeps all else that it says."""
    document = f"above\n{BEGIN}old\n{END}below\n"

    assert placed(document, "new\n") == f"above\n{BEGIN}\nnew\n\n{END}below\n"
    assert placed(placed(document, "old\n"), "new\n") == placed(document, "new\n")


def test_document_without_a_place_is_refused() -> None:
    """A table is never lost without a word."""
    with pytest.raises(ValueError, match="no place"):
        placed("no marks", "table")
