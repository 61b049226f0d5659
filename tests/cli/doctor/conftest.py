"""What the tests of the doctor share."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from support.chain import Chain
from support.pages import serving_page
from support.status_server import serving_status

from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.page import render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """Give a chain that is whole; labels are held by the xelinkd that runs, and its file is there."""
    with ExitStack() as stack:
        xpum = stack.enter_context(serving_page(render(parse_machine("3x2"))))
        made = Chain(tmp_path, xpum, stack.enter_context(serving_status()))
        made.file.write_text("gpu.intel.com/xe-links=0.0-1.0\n")
        yield made
