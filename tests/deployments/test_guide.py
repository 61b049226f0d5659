"""What docs/kubernetes.md tells people to apply and to configure. tests/e2e/manifests runs its commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from support.kubernetes import DEPLOYMENTS, ROOT

from xelinkd.config.load import load

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = (ROOT / "docs" / "kubernetes.md").read_text()
CONFIGURATIONS = re.findall(r"```toml\n(.+?)```", GUIDE, re.DOTALL)


@pytest.mark.parametrize("text", CONFIGURATIONS, ids=range(len(CONFIGURATIONS)))
def test_configuration_is_right(text: str, tmp_path: Path) -> None:
    """Every configuration in the guide can be taken as it is."""
    path = tmp_path / "xelinkd.toml"
    path.write_text(text)
    load(path, required=True)


def test_manifests_are_there() -> None:
    """Whatever the guide, the README and the table tell people to apply is there."""
    commands = GUIDE + (ROOT / "README.md").read_text()
    named = {ROOT / path for path in re.findall(r"(?<=[ =])deployments/[\w./-]+", commands)}
    table = (DEPLOYMENTS / "README.md").read_text()
    named |= {DEPLOYMENTS / path for path in re.findall(r"(?:-k|--patch-file) ([\w./-]+)", table)}
    assert {path.name for path in named} >= {
        "xelinkd",
        "patch.yaml",
        "standalone",
        "simulated",
        "cert-manager",
    }
    assert [path for path in named if not path.exists()] == []
