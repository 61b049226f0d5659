"""What the tests of the manifests share: these take kubectl and helm, see tools/e2e-manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let goldens be renewed."""
    parser.addoption("--renew-golden", action="store_true", help="write what helm makes to golden/")
