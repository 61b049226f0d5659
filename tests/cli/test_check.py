"""`xelinkd check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.daemon import xelinkd

if TYPE_CHECKING:
    from pathlib import Path


def value_and_origin(output: str, key: str) -> tuple[str, str]:
    """Give what `check` shows for a key."""
    line = next(line for line in output.splitlines() if line.startswith(f"{key} = "))
    value, _, origin = line.partition("#")
    return value.partition("=")[2].strip(), origin.strip()


def test_each_value_has_its_origin(plain: Path) -> None:
    """People see what would be in force, and whether a default, the file or a flag made it so."""
    plain.write_text('[source]\ninterval = "20s"\nurl = "http://127.0.0.1:1/metrics"\n')
    done = xelinkd("check", "--config", plain, "-lane-count=8", "-xpum-port", "29998", "-v", "4")
    assert (done.returncode, done.stderr) == (0, "")
    assert value_and_origin(done.stdout, "interval") == ('"20s"', "file")
    assert value_and_origin(done.stdout, "url") == (
        '"http://127.0.0.1:29998/metrics"',
        "file, flag -xpum-port",
    )
    assert value_and_origin(done.stdout, "min_lanes") == ("8", "flag -lane-count")
    assert value_and_origin(done.stdout, "level") == ('"debug"', "flag -v")
    assert value_and_origin(done.stdout, "lease") == ('"24h"', "default")


def test_what_it_prints_is_a_configuration(tmp_path: Path, plain: Path) -> None:
    """What `check` prints can be saved as the configuration, and means the same."""
    saved = tmp_path / "saved.toml"
    saved.write_text(xelinkd("check", "--config", plain, "-interval=7", "-label-namespace=a.example").stdout)
    again = xelinkd("check", "--config", saved)
    assert (again.returncode, again.stderr) == (0, "")
    assert value_and_origin(again.stdout, "interval") == ('"7s"', "file")
    assert value_and_origin(again.stdout, "namespace") == ('"a.example"', "file")


def test_all_problems_at_once(plain: Path) -> None:
    """Everything that is wrong with the file and the flags' values is said in one go, each with its place."""
    plain.write_text('[source]\ninterval = 10\nurll = "x"\n[label]\n[log]\nlevel = "loud"\n')
    done = xelinkd("check", "--config", plain, "-lane-count=-1")
    assert (done.returncode, done.stdout) == (2, "")
    problems = done.stderr.splitlines()
    assert len(problems) == 5
    assert all(line.startswith("xelinkd: ") for line in problems)
    for part in (
        f"{plain}: source.interval: found 10",
        f"{plain}: source.urll: unknown key; did you mean 'url'?",
        f"{plain}: label: unknown section; did you mean 'labels'?",
        f'{plain}: log.level: found "loud"',
        "flag -lane-count: labels.min_lanes: found -1",
    ):
        assert part in done.stderr


def test_flags_of_the_wrong_kind(plain: Path) -> None:
    """Flags of the Go sidecar with impossible values are all named, as they were typed."""
    done = xelinkd("check", "--config", plain, "-interval=soon", "--lane-count", "4.0", "-cert")
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.partition(": ")[2].partition(": ")[0] for line in done.stderr.splitlines()] == [
        "flag -interval",
        "flag --lane-count",
        "flag -cert",
    ]


def test_missing_file(tmp_path: Path) -> None:
    """A file that is named and not there is told in a sentence."""
    done = xelinkd("check", "--config", tmp_path / "none.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"xelinkd: {tmp_path}/none.toml: there is no such file; create it, or name another one\n"
    )
