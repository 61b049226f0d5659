"""What the tests of the manifests share: these take kubectl and helm, see tools/e2e-manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.kubernetes import offline

if TYPE_CHECKING:
    from pathlib import Path


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let goldens be renewed."""
    parser.addoption("--renew-golden", action="store_true", help="write what helm makes to golden/")


@pytest.fixture(scope="session")
def deployments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the manifests, with a stand-in for XPU Manager's DaemonSet: no network is asked."""
    return offline(tmp_path_factory.mktemp("manifests"))
