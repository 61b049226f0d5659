"""Tables, from made-up outcomes."""

from __future__ import annotations

import pytest

from faults.judge import Verdict
from faults.report import BEGIN, END, Outcome, markdown, placed, table

LOST = Outcome("body | dripped", Verdict(None, ("one", "two", "three", "four")))


def test_a_table_says_what_was_wrong() -> None:
    """A fault that was not held shows the first reasons, and how many more there are."""
    assert table([LOST]).splitlines()[-1].split("  ")[-1].strip() == "one; two; three; and 1 more"


def test_a_table_in_markdown_has_as_many_columns_everywhere() -> None:
    """A name with a bar in it does not break the table."""
    rows = markdown([LOST], {"cores": 2}).splitlines()[:3]

    assert {row.replace(r"\|", "").count("|") for row in rows} == {6}


def test_a_table_takes_the_place_of_the_former_one() -> None:
    """The document keeps all else that it says."""
    document = f"above\n{BEGIN}old\n{END}below\n"

    assert placed(document, "new\n") == f"above\n{BEGIN}\nnew\n\n{END}below\n"
    assert placed(placed(document, "old\n"), "new\n") == placed(document, "new\n")


def test_a_document_without_a_place_is_refused() -> None:
    """A table is never lost without a word."""
    with pytest.raises(ValueError, match="no place"):
        placed("no marks", "table")
