"""The image, built from the Dockerfile as anybody would, on a stand-in for the public base image."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tarfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xelinkd import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.podman import Podman

ROOT: Final = Path(__file__).parents[2]
BASE: Final = "docker.io/library/python:3.13-slim"
IMAGE: Final = f"localhost/xelinkd:{__version__}"
LABELS: Final = "org.opencontainers.image."
GIVEN: Final = {
    "SOURCE": "https://example.com/xelinkd",
    "REVISION": "0123456789abcdef0123456789abcdef01234567",
    "CREATED": "2026-01-02T03:04:05Z",
}
CERTIFICATES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
ATTEMPTS: Final = 3  # registries hiccup

# As in the official image: pip in /usr/local, and no bytecode (docker-library/python, 3.13/slim-trixie).
STAND_IN: Final = """\
FROM localhost/debian
RUN python3 -m venv /usr/local && rm -f /usr/local/bin/*ctivate* && find /usr -name '*.pyc' -delete
"""


def build(podman: Podman, debian: Path) -> None:
    """Build the stand-in and the image."""
    podman("import", "--quiet", debian, "localhost/debian")
    folder = podman.folder / "base"
    folder.mkdir()
    (folder / "Dockerfile").write_text(STAND_IN)
    podman("build", *_OPTIONS, "--squash-all", "--tag", BASE, folder, patience=300)
    arguments = [f"--build-arg={name}={value}" for name, value in GIVEN.items()]
    options = (*_OPTIONS, *_mounts(podman.folder, pip_configuration()), *arguments)
    command: tuple[str | Path, ...] = ("build", *options, "--tag", IMAGE, ROOT)
    for _ in range(ATTEMPTS - 1):
        if podman(*command, check=False, patience=600).returncode == 0:
            return
    podman(*command, patience=600)


_OPTIONS: Final = ("--quiet", "--format", "docker", "--pull=never", "--network=host")

Configuration = dict[str, dict[str, str]]  # by section and name


def pip_configuration() -> Configuration:
    """Give what this machine tells pip, by its files and by its environment, which counts more."""
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    found: Configuration = defaultdict(dict)
    for line in sorted(said.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        found["global" if section == ":env:" else section][key] = ast.literal_eval(value)
    return found


def _mounts(folder: Path, configuration: Configuration) -> Iterator[str]:
    """Show the build pip's configuration, the files that it names, and the machine's certificates."""
    text = "".join(
        f"[{section}]\n" + "".join(f"{key} = {_on_lines(value)}\n" for key, value in keys.items())
        for section, keys in configuration.items()
    )
    (folder / "pip.conf").write_text(text)
    yield f"--volume={folder / 'pip.conf'}:/etc/pip.conf:ro"
    words = {word for keys in configuration.values() for value in keys.values() for word in value.split()}
    for path in sorted({CERTIFICATES, *(Path(word) for word in words if word.startswith("/"))}):
        if path.exists():
            yield f"--volume={path}:{path}:ro"


def _on_lines(value: str) -> str:
    return "\n    ".join(value.split("\n"))


def added_bytes(podman: Podman) -> int:
    """Give the size of the layers that we add to the base, uncompressed."""
    base, ours = (_layers_bytes(podman, image) for image in (BASE, IMAGE))
    return ours - base


def _layers_bytes(podman: Podman, image: str) -> int:
    saved = podman.folder / "saved.tar"
    saved.unlink(missing_ok=True)
    podman("save", "--quiet", "--format", "docker-archive", "--output", saved, image, patience=120)
    with tarfile.open(saved) as archive:
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        (entry,) = json.load(manifest)
        return sum(archive.getmember(layer).size for layer in entry["Layers"])
