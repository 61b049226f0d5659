"""What several end-to-end tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.kubernetes import offline

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def deployments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the manifests, with a stand-in for XPU Manager's DaemonSet: no network is asked."""
    return offline(tmp_path_factory.mktemp("manifests"))
