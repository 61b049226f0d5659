"""A server of the status, for tests that need none of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.serving import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give a server on the loopback interface that asks for nothing."""
    with serving(tmp_path_factory.mktemp("served")) as made:
        yield made
