"""The hardened container, as the users that sites run it as."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.daemon import children

from xelinkd.confinement.landlock import available_abi

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.node import Node

LABELS = "gpu.intel.com/xe-links=0.0-1.0_0.0-2.0_0.1-1.1_0.1-2.1_1.0-2.0_1.1-2.1"
ROOT, NOBODY, OPENSHIFT = "0:0", "65534:65534", "1000650000:0"  # OpenShift gives any user id, and group 0


def let_in(folder: Path, user: str) -> None:
    """Give the folder to a user, or to root's group, as a site has to."""
    owner, group = map(int, user.split(":"))
    os.chown(folder, owner if group else 0, group)
    folder.chmod(0o755 if group or not owner else 0o775)


@pytest.mark.parametrize("user", [ROOT, NOBODY, OPENSHIFT])
def test_labels_appear(node: Node, user: str, note: Callable[[str, str], None]) -> None:
    """With a read-only root and nothing but a folder, any user keeps labels, confined as ever."""
    let_in(node.features, user)
    begin = time.monotonic()
    container = node.start(user=user)
    assert LABELS in node.wait_for_labels()
    note(f"from podman run to the first label, as {user}", f"{time.monotonic() - begin:.2f} s")
    assert container.wait_for("confinement")["landlock_abi"] == available_abi()
    assert not container.events("confinement_failed")
    assert node.file.stat().st_uid == int(user.partition(":")[0])


@pytest.mark.parametrize("user", [ROOT, NOBODY])
def test_no_process_has_a_capability(node: Node, user: str) -> None:
    """Neither PID 1 nor a worker holds or can gain a capability."""
    let_in(node.features, user)
    container = node.start(user=user)
    container.wait_for("labels_changed")
    for pid in (container.pid(), *children(container.pid())):
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        capabilities = {name: value for name, value in status.items() if name.startswith("Cap")}
        assert set(capabilities.values()) == {"0" * 16}
        assert status["NoNewPrivs"] == "1"


def test_folder_of_another_is_told(node: Node) -> None:
    """Where the user may not write, the log says so, and the daemon goes on trying."""
    container = node.start(user=NOBODY)
    assert "ermission" in container.wait_for("feature_file_failing")["error"]
    os.chown(node.features, 65534, 65534)
    assert LABELS in node.wait_for_labels()
