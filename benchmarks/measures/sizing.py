"""How large it is where it is installed. What is there is looked at; built only if that is asked for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.figures import Figure
from benchmarks.pages import REPOSITORY
from benchmarks.rig import environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.rig import Rig

_PACKAGES: Final = REPOSITORY / "build/packages"
_OF_THE_IMAGE: Final = REPOSITORY / ".e2e/image.json"
_OVER_THE_BASE: Final = "size over the base, uncompressed"
_BUILDERS: Final = ("tools/packages", "tools/e2e-image")
_LIBRARIES: Final = """
import msgspec, pathlib, sys
print(pathlib.Path(msgspec.__file__).parents[1], sys.implementation.cache_tag)
"""


def sizes(rig: Rig) -> list[Figure]:
    """Take the size of what is installed, of packages, and of what the image adds to its base."""
    if rig.builds:
        for builder in _BUILDERS:
            subprocess.run([REPOSITORY / builder], stdout=subprocess.DEVNULL, check=True)  # noqa: S603  our own
    return [_installed(rig), *_packages(), _image()]


def _installed(rig: Rig) -> Figure:
    """Add up the program and its libraries, both compiled, without pip."""
    installed, tag = subprocess.check_output(  # noqa: S603  our own words
        [rig.python, "-c", _LIBRARIES], env=environment(), text=True
    ).split()
    folders = (path for path in Path(installed).iterdir() if not path.name.startswith("pip"))
    files = (path for path in _files_in((REPOSITORY / "xelinkd", *folders)) if _is_of(path, tag))
    return _figure("installed, with libraries, without Python", files)


def _packages() -> list[Figure]:
    found = sorted(path for path in _PACKAGES.glob("*") if path.suffix in {".deb", ".rpm"})
    if not found:
        return [Figure("package", "MB", (), reference="not built: make packages")]
    return [_figure(f"package {path.suffix}, with Python", [path]) for path in found]


def _image() -> Figure:
    what = "image, over its base"
    try:
        told = json.loads(_OF_THE_IMAGE.read_text())[_OVER_THE_BASE]
    except FileNotFoundError:
        return Figure(what, "MB", (), reference="not built: make e2e-image")
    return Figure(what, "MB", (float(told.partition(" ")[0]),))


def _figure(what: str, files: Iterable[Path]) -> Figure:
    return Figure(what, "MB", (sum(path.stat().st_size for path in files) / 1e6,))


def _is_of(path: Path, tag: str) -> bool:
    """Pass over what another Python compiled."""
    return path.suffix != ".pyc" or f".{tag}." in path.name


def _files_in(folders: Sequence[Path]) -> list[Path]:
    within = (path for folder in folders for path in (folder, *folder.rglob("*")))
    return [path for path in within if path.is_file()]
