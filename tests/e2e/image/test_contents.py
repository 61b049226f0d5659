"""What is in the image, and what is not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from support.image import BASE, GIVEN, IMAGE, LABELS, ROOT, added_bytes
from support.podman import HARDENED

from xelinkd import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.podman import Podman

BUDGET = 25_000_000  # bytes
VERBS = ["run", "once", "show", "status", "watch", "doctor", "check", "clear", "simulate", "version"]
UNWANTED_FILES = ["/root/.cache", "/src", "/image"]
UNWANTED_MODULES = ["pip", "setuptools", "wheel"]
UNWANTED_PROGRAMS = ["pip", "pip3", "cc", "gcc", "clang", "make"]


def said(podman: Podman, *arguments: str, entrypoint: str = "xelinkd", env: str = "A=b") -> str:
    """Give what a container prints, on both streams, to its end."""
    done = podman("run", "--rm", *HARDENED, f"--env={env}", f"--entrypoint={entrypoint}", IMAGE, *arguments)
    return done.stdout + done.stderr


def test_added_size(podman: Podman, note: Callable[[str, str], None]) -> None:
    """A node that has the base image pulls little."""
    added = added_bytes(podman)
    note("size over the base, uncompressed", f"{added / 1e6:.1f} MB ({added} bytes)")
    assert added <= BUDGET


def test_only_our_layers_change_the_base(podman: Podman) -> None:
    """What a scanner finds in the base image is the base image's."""
    base, ours = (podman.inspect(name)["RootFS"]["Layers"] for name in (BASE, IMAGE))
    assert ours[: len(base)] == base
    assert len(ours) == len(base) + 2


def test_no_tool_of_the_build_is_left(podman: Podman) -> None:
    """There is nothing to install or compile with, and nothing left over."""
    script = "\n".join(
        [f"[ -e {path} ] && echo {path}" for path in UNWANTED_FILES]
        + [f"command -v {program}" for program in UNWANTED_PROGRAMS]
        + [
            f"{python} -c 'import {module}' 2>/dev/null && echo {module}"
            for python in ("python", "/opt/xelinkd/bin/python")
            for module in UNWANTED_MODULES
        ]
    )
    assert said(podman, "-c", f"{script}\n:", entrypoint="sh") == ""


def test_all_that_starts_is_compiled(podman: Podman) -> None:
    """A start compiles nothing: it could not be kept in a read-only root."""
    for verb in VERBS:
        loaded = said(podman, verb, "-h", env="PYTHONVERBOSE=1") if verb != "version" else ""
        assert not re.findall(r"^# code object from '?(/\S+\.py)\b(?!c)", loaded, re.MULTILINE)


def test_fast_start_needs_no_times_of_files(podman: Podman) -> None:
    """Bytecode is used whatever times a registry or a builder gave the files."""
    script = (
        "import sys, xelinkd; print(int.from_bytes(open(xelinkd.__cached__, 'rb').read()[4:8], 'little'))"
    )
    assert (
        said(podman, "-c", script, entrypoint="/opt/xelinkd/bin/python").strip() == "1"
    )  # PEP 552: unchecked


def test_labels_of_the_image(podman: Podman) -> None:
    """Registries and scanners learn what the image is, and which source it is from."""
    labels = podman.inspect(IMAGE)["Labels"]
    assert labels[f"{LABELS}title"] == "xelinkd"
    assert labels[f"{LABELS}licenses"] == "Apache-2.0"
    assert labels[f"{LABELS}version"] == __version__
    assert {name: labels[f"{LABELS}{name.lower()}"] for name in GIVEN} == GIVEN


def test_version(podman: Podman) -> None:
    """The program in the image is this one."""
    assert said(podman, "version").startswith(f"xelinkd {__version__} (Python 3.13.")


def test_default_configuration_is_in_place(podman: Podman) -> None:
    """The image has the configuration that the repository ships, and `check` shows it."""
    shipped = (ROOT / "etc" / "xelinkd.toml").read_text()
    assert said(podman, "/etc/xelinkd/xelinkd.toml", entrypoint="cat") == shipped
    assert 'url = "http://127.0.0.1:29999/metrics"' in said(podman, "check")


@pytest.mark.parametrize("user", ["0:0", "65534:65534", "1000650000:0"])
def test_anybody_can_read_the_program(podman: Podman, user: str) -> None:
    """No file of ours is closed to the user that a site chooses."""
    closed = podman.says(
        *("run", "--rm", *HARDENED, f"--user={user}", "--entrypoint=find", IMAGE),
        *("/opt/xelinkd", "/etc/xelinkd", "!", "-readable"),
    )
    assert closed == ""
