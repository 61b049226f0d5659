"""Commands of docs/kubernetes.md, run as they are written there, as far as they take no cluster."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

from support.daemon import xelinkd
from support.kubernetes import ROOT, XPU_MANAGER, documents, of_kind, patched
from support.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = (ROOT / "docs" / "kubernetes.md").read_text()


def command(start: str) -> str:
    """Give the command of the guide that begins so, with its further lines."""
    found = re.search(rf"^\$ ({re.escape(start)}(?:.*\\\n)*.*)$", GUIDE, re.MULTILINE)
    assert found is not None
    return found[1]


def in_shell(line: str, folder: Path) -> str:
    """Run a line as people do, in a folder."""
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=folder, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout


def configuration(port: int, folder: Path) -> str:
    """Give the guide's configuration for HTTPS, for another port and another folder."""
    (text,) = (text for text in re.findall(r"```toml\n(.+?)```", GUIDE, re.DOTALL) if "ca_file" in text)
    return str(text).replace(":29999", f":{port}").replace("/cert/", f"{folder}/")


def test_certificate_made_by_hand_is_trusted(tmp_path: Path) -> None:
    """A certificate made as the guide says is one that xelinkd accepts, configured as the guide says."""
    in_shell(command("openssl req"), tmp_path)
    port, config = free_port(), tmp_path / "xelinkd.toml"
    config.write_text(configuration(port, tmp_path))
    key = ("--cert", tmp_path / "tls.crt", "--key", tmp_path / "tls.key")
    serve = [sys.executable, "-m", "xelinkd", "simulate", "2x2", "--port", str(port), *map(str, key)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline()  # it listens
            shown = xelinkd("show", "--config", config, "--format", "labels")
        finally:
            server.terminate()
    assert shown.returncode == 0, shown.stderr
    assert "0.0-1.0" in shown.stdout


def test_secret_made_by_hand_is_the_one_that_is_mounted(tmp_path: Path) -> None:
    """The guide's secret has the name and the keys that the overlay mounts."""
    in_shell(command("openssl req"), tmp_path)
    renewal = command("kubectl -n monitoring create secret").replace("\\\n", "").partition(" | ")[0]
    (secret,) = documents(in_shell(f"{renewal} --dry-run=client -o yaml", tmp_path))
    patch = (ROOT / "deployments" / "overlays" / "https" / "sidecar.yaml").read_text()
    (volume,) = of_kind("DaemonSet", documents(patch))["spec"]["template"]["spec"]["volumes"]
    assert secret["metadata"]["name"] == volume["secret"]["secretName"]
    assert {item["key"] for item in volume["secret"]["items"]} <= secret["data"].keys()


def test_image_is_swapped_as_the_guide_says(tmp_path: Path) -> None:
    """The shortest way over changes the image of the sidecar, and nothing else."""
    patch = ROOT / "deployments" / "sidecar" / "patch.yaml"
    found = re.search(
        r"`kubectl -n monitoring set image daemonset/intel-xpumanager (xelink-sidecar=(\S+))`", GUIDE
    )
    assert found is not None
    before = in_shell(f"kubectl patch --local -f {XPU_MANAGER} --patch-file {patch} -o yaml", tmp_path)
    (tmp_path / "before.yaml").write_text(before)
    after = in_shell(f"kubectl set image --local -f before.yaml -o yaml {found[1]}", tmp_path)
    (tmp_path / "after.yaml").write_text(after)
    back = in_shell("kubectl set image --local -f after.yaml -o yaml xelink-sidecar=xelinkd:0.1.0", tmp_path)
    assert after.count(found[2]) == 1
    assert after.replace(found[2], "xelinkd:0.1.0") == back
    assert patched(documents(back)[0], documents(patch.read_text())[0]) == documents(back)[0]
