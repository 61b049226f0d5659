"""What people and programs are shown where there is no feature file."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.states import GOOD

from xelinkd.state.checks import ready
from xelinkd.state.told import Fault
from xelinkd.views.documents.status_json import document
from xelinkd.views.metrics.metrics import render as metrics
from xelinkd.views.page.page import document as page
from xelinkd.views.service_words import words
from xelinkd.views.terminal.look import Look
from xelinkd.views.terminal.status_text import as_lines

OBJECT = "NodeFeature xelinkd/xelinkd-for-node-1"
STATE = replace(
    GOOD,
    supervision=replace(GOOD.supervision, sink="node-feature", place=OBJECT),
    keeping=replace(GOOD.keeping, fault=Fault("status 403", 9_500.0)),
)


def shown() -> str:
    """Give all that is shown of the state."""
    told = document(STATE)
    lines = Look().text(as_lines(told, "here", Look()))
    return "\n".join((str(told), metrics(STATE, {}).decode(), page(STATE).decode(), words(STATE), lines))


def test_no_word_of_a_feature_file() -> None:
    """Where labels go to an object, nobody is told of a feature file that is not there, nor of its lock."""
    text = "\n".join(line for line in shown().splitlines() if not line.startswith("# "))  # what metrics mean
    text = text.replace("feature_file=None", "")
    assert OBJECT in text
    for word in ("feature file", "feature-file", "feature_file"):
        assert word not in text.lower()


@pytest.mark.parametrize("name", ["lock", "feature-file"])
def test_checks_are_those_of_the_sink(name: str) -> None:
    """The probe looks at the object, and at no lock."""
    names = {check.name: check.passed for check in ready(STATE)}
    assert name not in names
    assert names["node-feature"] is False
