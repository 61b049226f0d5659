"""The table of sinks, and what follows from a line in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from xelinkd.config.keys import KEYS
from xelinkd.config.schema import Config
from xelinkd.config.sinks import KINDS, NodeFeature, Sink, section_of
from xelinkd.sinks.kinds import sink_of

THERE = NodeFeature(node="node-1", server="https://127.0.0.1:1", credentials_dir=Path("/nowhere"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_configured_and_built(kind: str) -> None:
    """Each kind that can be chosen has its section, with what every sink has, and its module."""
    settings = Config(sink=Sink(kind=kind), node_feature=THERE).target
    assert settings.kind == kind
    assert {f"{section_of(kind)}.lease", f"{section_of(kind)}.on_exit"} <= KEYS.keys()
    sink = sink_of(settings)
    assert sink.place
    assert sink.about
    assert 0 < sink.renewal < 1


def test_no_kind_loads_another() -> None:
    """Who keeps a feature file does not hold the API server's client in memory, nor OpenSSL."""
    code = (
        "import sys; from xelinkd.config.schema import Config; from xelinkd.sinks.kinds import *;"
        "load_what_it_takes(Config()); print([name for name in sys.modules if name in"
        " {'ssl', 'xelinkd.net.trust', 'xelinkd.sinks.api_server', 'xelinkd.sinks.node_feature'}])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
