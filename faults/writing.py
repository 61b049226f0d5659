"""The ways in which people and programs change a configuration file."""

from __future__ import annotations

import shutil
import subprocess
from itertools import count
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from faults.rig import Rig

    Write = Callable[[Path, bytes], object]

_NUMBERS: Final = count()


def in_place(config: Path, content: bytes) -> None:
    """Do as `echo >` does."""
    config.write_bytes(content)


def by_rename(config: Path, content: bytes) -> None:
    """Do as careful programs do."""
    _made(config, content).rename(config)


def by_cp(config: Path, content: bytes) -> None:
    """Let `cp` do it."""
    made = _made(config, content)
    subprocess.run(["cp", str(made), str(config)], check=True)  # noqa: S603, S607  the user's cp
    made.unlink()


def by_config_map(config: Path, content: bytes | None) -> None:
    """Do as the kubelet does: another folder, and one rename of a link; None leaves the file out."""
    old, new = (config.parent / "..data").readlink(), config.parent / f"..v{next(_NUMBERS)}"
    new.mkdir()
    if content is not None:
        (new / config.name).write_bytes(content)
    _point(config.parent / "..data", new.name)
    shutil.rmtree(config.parent / old)


def by_link(config: Path, content: bytes) -> None:
    """Let a symbolic link lead elsewhere."""
    _point(config, str(_made(config, content)))


def on_a_config_map(rig: Rig) -> None:
    """Have the configuration on a volume as the kubelet makes it."""
    volume = rig.folder / "volume"
    (volume / "..v").mkdir(parents=True)
    rig.daemon.config.rename(volume / "..v" / rig.daemon.config.name)
    rig.daemon.config = volume / rig.daemon.config.name
    (volume / "..data").symlink_to("..v")
    rig.daemon.config.symlink_to(f"..data/{rig.daemon.config.name}")


def behind_a_link(rig: Rig) -> None:
    """Have the configuration somewhere else, behind a symbolic link."""
    by_link(rig.daemon.config, rig.daemon.config.read_bytes())


def _made(config: Path, content: bytes) -> Path:
    made = config.with_name(f"made-{next(_NUMBERS)}")
    made.write_bytes(content)
    return made


def _point(link: Path, target: str) -> None:
    new = link.with_name("new-link")
    new.symlink_to(target)
    new.rename(link)
