"""What the tests of the keeper share: real files, and a clock that they set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.keeping import (
    LEASE,
    Clock,
    Told,
    new_sink,
)

from xelinkd import logs
from xelinkd.config.schema import Log
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.memory import Memory

if TYPE_CHECKING:
    from pathlib import Path

    from xelinkd.sinks.feature_file import FeatureFileSink


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still."""
    return Clock()


@pytest.fixture
def sink(tmp_path: Path) -> FeatureFileSink:
    """Give a sink in an empty features.d."""
    return new_sink(tmp_path)


@pytest.fixture
def keeper(sink: FeatureFileSink, clock: Clock) -> Keeper:
    """Give a keeper at the beginning of its life."""
    return Keeper(sink, LEASE, clock, Memory())


@pytest.fixture
def told(capfd: pytest.CaptureFixture[str]) -> Told:
    """Give a function that gives the events logged since its last call."""
    logs.configure(Log(level="debug", format="json"), "writer")

    def events() -> list[dict[str, Any]]:
        return [json.loads(line) for line in capfd.readouterr().err.splitlines()]

    return events
