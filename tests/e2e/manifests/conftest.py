"""What the tests of the manifests share: these take kubectl and helm, see tools/e2e-manifests."""

from __future__ import annotations

import pytest
from support.kubernetes import IN_A_POD


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let goldens be renewed."""
    parser.addoption("--renew-golden", action="store_true", help="write what helm makes to golden/")


@pytest.fixture(autouse=True)
def in_a_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give what configurations are checked with: the environment that the pods have."""
    for name, value in IN_A_POD.items():
        monkeypatch.setenv(name, value)
