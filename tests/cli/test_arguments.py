"""The flags of the configuration, as a shell gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.daemon import xelinkd

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("flags", "key", "value"),
    [
        (["-dst-file-path", "f/labels.txt"], "path", "f/labels.txt"),
        (["-dst-file-path=./labels.txt"], "path", "labels.txt"),
        (["--tmp-dir-prefix", "staging/"], "staging_dir", "staging/.xelinkd"),
        (["-cert=certs/tls.crt"], "ca_file", "certs/tls.crt"),
        (["-cert", "../tls.crt"], "ca_file", "../tls.crt"),
        (["-dst-file-path=/f/x"], "path", "/f/x"),
    ],
)
def test_paths_are_taken_from_the_current_directory(
    tmp_path: Path, plain: Path, flags: list[str], key: str, value: str
) -> None:
    """A relative path in a flag of the Go sidecar means what it means there."""
    here = tmp_path / "here"
    here.mkdir()
    done = xelinkd("check", "--config", plain, *flags, cwd=here)
    assert done.returncode == 0
    assert f'{key} = "{here / value}"' in done.stdout


@pytest.mark.parametrize(("flag", "key"), [("-cert", "ca_file"), ("-tmp-dir-prefix", "staging_dir")])
def test_empty_path_is_no_path(plain: Path, flag: str, key: str) -> None:
    """An empty path keeps its meaning, and does not become the current directory."""
    done = xelinkd("check", "--config", plain, f"{flag}=")
    assert [line.split() for line in done.stdout.splitlines() if line.startswith(key)] == [
        [key, "=", '""', "#", "flag", flag]
    ]


def test_configuration_is_found_from_the_current_directory(tmp_path: Path, plain: Path) -> None:
    """A relative `--config` is taken from the current directory, and is shown whole."""
    (tmp_path / "below").mkdir()
    done = xelinkd("check", "--config", f"../{plain.name}", cwd=tmp_path / "below")
    assert done.returncode == 0
    assert done.stdout.startswith(f'# file: "{tmp_path}/below/../{plain.name}"\n')


def test_flags_without_effect_are_told_to_people(plain: Path) -> None:
    """A verb for people says in one line which flags do nothing here."""
    done = xelinkd("check", "--config", plain, "-logtostderr", "-v=2", "-vmodule=a=1")
    assert done.returncode == 0
    assert done.stderr == "xelinkd: these flags have no effect in xelinkd: -logtostderr, -vmodule\n"
