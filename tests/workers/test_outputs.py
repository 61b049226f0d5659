"""Outputs of the running program: files that other programs read, beside the feature file."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from support.acting import REFUSED, act, needs_landlock
from support.daemon import wait_until, xelinkd

if TYPE_CHECKING:
    from pathlib import Path

    from support.daemon import Daemon

    from xelinkd.simulator.server import Simulator

LINES = """\
Name=gpu Type=max1550 File=/dev/dri/card1 Links=-1,{0},8
Name=gpu Type=max1550 File=/dev/dri/card2 Links={0},-1,8
Name=gpu Type=max1550 File=/dev/dri/card3 Links=8,8,-1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder for outputs."""
    made = tmp_path / "outputs"
    made.mkdir()
    return made


def output(form: str, file: Path, **options: str) -> str:
    """Give a section of the configuration."""
    keys = {"format": form, "file": str(file), **options}
    return "[[outputs]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())


def configure(daemon: Daemon, *outputs: str, **changes: Any) -> None:  # noqa: ANN401  any value of a key
    """Write the configuration."""
    daemon.config.write_text(daemon.text(**changes) + "\n" + "\n".join(outputs))


def text(file: Path) -> str:
    """Give a file's content, without comments; nothing if there is none."""
    try:
        lines = file.read_text().splitlines(keepends=True)
    except FileNotFoundError:
        return ""
    return "".join(line for line in lines if not line.startswith("#"))


def wait_for(daemon: Daemon, file: Path, expected: str) -> None:
    """Wait until a file has this content."""
    wait_until(lambda: text(file) == expected, f"{file}: {expected!r} in\n{daemon.log.read_text()}")


def fetches(daemon: Daemon, xpum: Simulator, number: int = 3) -> None:
    """Wait until there were some fetches more."""
    enough = xpum.scrapes + number
    wait_until(lambda: xpum.scrapes >= enough, f"fetches in\n{daemon.log.read_text()}")


def identity(file: Path) -> tuple[int, int, int, int]:
    """Give what changes whenever a file is written."""
    found = file.stat()
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_mode


def test_all_formats_are_kept(daemon: Daemon, xpum: Simulator, folder: Path) -> None:
    """Each output is what `show` prints; a lost link changes it, and else nothing touches it."""
    files = {form: folder / f"x.{form}" for form in ("slurm", "json", "prometheus")}
    configure(
        daemon,
        output("slurm", files["slurm"], gpu_type="max1550"),
        *(output(form, files[form]) for form in ("json", "prometheus")),
    )
    daemon.start()
    wait_for(daemon, files["slurm"], LINES.format(8))
    daemon.wait_for("output_written", times=3)
    shown = {form: xelinkd("show", "--config", daemon.config, "--format", form).stdout for form in files}
    assert {form: file.read_text() for form, file in files.items()} == shown
    before = {form: identity(file) for form, file in files.items()}
    assert {oct(mode)[-3:] for *_, mode in before.values()} == {"644"}
    fetches(daemon, xpum)
    assert {form: identity(file) for form, file in files.items()} == before
    xpum.set_link("0.0-1.0", up=False)
    wait_for(daemon, files["slurm"], LINES.format(4))
    daemon.wait_for("output_written", times=6)
    assert sorted(path.name for path in folder.iterdir()) == ["x.json", "x.prometheus", "x.slurm"]


def test_one_that_fails_disturbs_none(daemon: Daemon, xpum: Simulator, folder: Path) -> None:
    """Without its folder an output is told of once, and the rest is kept; it comes as soon as it can."""
    missing = folder / "later" / "links.json"
    configure(daemon, output("json", missing), output("slurm", folder / "gres.conf", gpu_type="max1550"))
    daemon.start()
    wait_for(daemon, folder / "gres.conf", LINES.format(8))
    daemon.wait_for_links(len)
    told = daemon.wait_for("output_failing")
    assert (told["file"], told["format"]) == (str(missing), "json")
    assert f"there is no folder {missing.parent}" in told["error"]
    fetches(daemon, xpum)
    assert len(daemon.events("output_failing")) == 1
    missing.parent.mkdir()
    daemon.wait_for("output_recovered")
    assert json.loads(missing.read_text())["kind"] == "xelinkd-topology"
    assert not daemon.events("feature_file_failing")


def test_somebody_elses_file_stays(daemon: Daemon, folder: Path) -> None:
    """A file that xelinkd did not write is never replaced, and that is told; an empty one is filled."""
    foreign, empty = folder / "gres.conf", folder / "links.json"
    foreign.write_text("Name=gpu File=/dev/nvidia0\n")
    empty.touch()
    configure(daemon, output("slurm", foreign), output("json", empty))
    daemon.start()
    told = daemon.wait_for("output_failing")
    assert f"{foreign} is a file that xelinkd did not write: move it away" in told["error"]
    wait_until(lambda: empty.stat().st_size, "the empty file to be filled")
    assert foreign.read_text() == "Name=gpu File=/dev/nvidia0\n"
    foreign.unlink()
    daemon.wait_for("output_recovered")
    assert "card1" in foreign.read_text()


def test_a_restart_leaves_it_alone(daemon: Daemon, xpum: Simulator, folder: Path) -> None:
    """Nobody who reads an output notices that xelinkd was restarted, or that its writer was killed."""
    file = folder / "links.json"
    configure(daemon, output("json", file))
    daemon.start()
    daemon.wait_for("output_written")
    before = identity(file)
    assert daemon.stop() == 0
    daemon.start()
    fetches(daemon, xpum)
    os.kill(daemon.wait_for_workers()["writer"], signal.SIGKILL)
    daemon.wait_for("unit_works_again")
    assert identity(file) == before


def test_a_folder_that_is_replaced(daemon: Daemon, folder: Path) -> None:
    """An output comes into a folder that took the place of its own, as confined as its writer is."""
    file = folder / "gres.conf"
    configure(daemon, output("slurm", file, gpu_type="max1550"))
    daemon.start()
    wait_for(daemon, file, LINES.format(8))
    folder.rename(folder.with_name("old"))
    folder.mkdir()
    wait_for(daemon, file, LINES.format(8))


def test_what_others_change_is_set_right(daemon: Daemon, folder: Path) -> None:
    """An output that somebody removed is back after the next fetch."""
    file = folder / "gres.conf"
    configure(daemon, output("slurm", file, gpu_type="max1550"))
    daemon.start()
    wait_for(daemon, file, LINES.format(8))
    file.unlink()
    wait_for(daemon, file, LINES.format(8))


def test_hot_reload(daemon: Daemon, folder: Path) -> None:
    """Outputs come, move, change their format and go with the configuration; lines for Slurm are left."""
    daemon.start()
    daemon.wait_for_links(len)
    slurm, links, other = folder / "gres.conf", folder / "links", folder.parent / "links.json"
    configure(daemon, output("slurm", slurm, gpu_type="max1550"), output("json", links))
    wait_for(daemon, slurm, LINES.format(8))
    wait_until(lambda: text(links).startswith("{"), "JSON")
    configure(daemon, output("prometheus", links), output("json", other))
    wait_until(lambda: text(links).startswith("xelink_gpus 3\n"), f"metrics in\n{daemon.log.read_text()}")
    wait_until(lambda: text(other).startswith("{"), "JSON elsewhere")
    assert daemon.wait_for("output_left")["file"] == str(slurm)
    configure(daemon)
    wait_until(lambda: not links.exists() and not other.exists(), f"no outputs in\n{daemon.log.read_text()}")
    assert text(slurm) == LINES.format(8)


def test_end_of_the_lease(daemon: Daemon, xpum: Simulator, folder: Path) -> None:
    """While XPU Manager fails, outputs stay; at the end of the lease they go, but for lines for Slurm."""
    slurm, links = folder / "gres.conf", folder / "links.json"
    lease = {"lease": "2s"}
    source = {"deadline": "100ms"}
    configure(
        daemon,
        output("slurm", slurm, gpu_type="max1550"),
        output("json", links),
        feature_file=lease,
        source=source,
    )
    daemon.start()
    wait_for(daemon, slurm, LINES.format(8))
    wait_until(links.exists, "JSON")
    xpum.set_mode("error-500")
    daemon.wait_for("lease_ended")
    daemon.wait_for("output_removed")
    assert not links.exists()
    assert text(slurm) == LINES.format(8)
    xpum.set_mode("ok")
    wait_until(links.exists, "JSON again")


def test_two_outputs_with_one_place(daemon: Daemon, xpum: Simulator, folder: Path) -> None:
    """Of two that a symbolic link leads to one file the first has it, and the second says why it has none."""
    (folder / "by").symlink_to(folder)
    first, second = folder / "links", folder / "by" / "links"
    configure(daemon, output("slurm", first, gpu_type="max1550"), output("json", second))
    daemon.start()
    wait_for(daemon, first, LINES.format(8))
    told = daemon.wait_for("output_failing")
    assert (told["file"], told["error"]) == (
        str(second),
        f"{second} is {first}, by way of a symbolic link: give each output a file of its own",
    )
    before = identity(first)
    fetches(daemon, xpum)
    assert identity(first) == before
    (folder / "by").unlink()
    (folder / "by").mkdir()
    daemon.wait_for("output_recovered")
    assert text(second).startswith("{")
    (folder / "by" / "links").unlink()
    (folder / "by").rmdir()
    (folder / "by").symlink_to(folder)
    assert daemon.stop() == 0
    assert xelinkd("clear", "--config", daemon.config).returncode == 0
    assert text(first) == LINES.format(8)


def test_an_output_among_the_features(daemon: Daemon, folder: Path) -> None:
    """A link that leads among the files that NFD reads brings no file there that it would take for labels."""
    (folder / "by").symlink_to(daemon.features)
    configure(daemon, output("json", folder / "by" / "links.json"))
    daemon.start()
    told = daemon.wait_for("output_failing")
    assert f"is in {daemon.features}, by way of a symbolic link: NFD reads all files" in told["error"]
    daemon.wait_for_links(len)
    assert not (folder / "by" / "links.json").exists()


@pytest.mark.parametrize(
    ("policy", "left"), [("keep", {"gres.conf", "links.json"}), ("remove", {"gres.conf"})]
)
def test_exit_policy(daemon: Daemon, folder: Path, policy: str, left: set[str]) -> None:
    """At the end outputs stay or go as the labels do; slurmd finds its file in any case."""
    configure(
        daemon,
        output("slurm", folder / "gres.conf"),
        output("json", folder / "links.json"),
        feature_file={"on_exit": policy},
    )
    daemon.start()
    daemon.wait_for("output_written", times=2)
    assert daemon.stop() == 0
    assert {path.name for path in folder.iterdir()} == left


def test_once_and_clear(daemon: Daemon, folder: Path) -> None:
    """`once` writes outputs, and fails if it cannot; `clear` removes them, and says what it leaves."""
    links = folder / "links.json"
    configure(daemon, output("slurm", folder / "gres.conf"), output("json", links))
    assert xelinkd("once", "--config", daemon.config).returncode == 0
    assert {path.name for path in folder.iterdir()} == {"gres.conf", "links.json"}
    done = xelinkd("clear", "--config", daemon.config)
    assert done.returncode == 0
    assert '"output_left"' in done.stderr
    assert {path.name for path in folder.iterdir()} == {"gres.conf"}
    links.write_text("mine")
    assert xelinkd("once", "--config", daemon.config).returncode == 3
    assert xelinkd("clear", "--config", daemon.config).returncode == 3
    assert links.read_text() == "mine"


def test_status_tells_of_outputs(daemon: Daemon, folder: Path) -> None:
    """Whoever asks the running xelinkd learns when an output was written, and what is wrong with one."""
    daemon.serve_status()
    missing = folder / "nowhere" / "x.prom"
    configure(daemon, output("slurm", folder / "gres.conf"), output("prometheus", missing))
    daemon.start()
    daemon.wait_for("output_failing")
    answer = daemon.wait_for_answer("/status.json", lambda _, body: '"outputs":[{' in body)
    wait_until(lambda: all(state["errors"] or state["writes"] for state in states(daemon)), "both outputs")
    written, failing = states(daemon)
    assert (written["file"], written["error"], written["writes"]) == (str(folder / "gres.conf"), None, 1)
    assert written["written_at"]
    assert "there is no folder" in failing["error"]
    assert failing["failing_since"]
    assert json.loads(answer)["feature_file"]["error"] is None


def states(daemon: Daemon) -> list[dict[str, Any]]:
    """Give what the status says of outputs."""
    found: list[dict[str, Any]] = json.loads(daemon.ask("/status.json")[1])["outputs"]
    return found


def test_rest_does_not_tell_the_files(daemon: Daemon, folder: Path) -> None:
    """Who would get no lines for Slurm learns that from `check`, not from jobs on the wrong GPU."""
    configure(daemon, output("slurm", folder / "gres.conf"), source={"kind": "auto"})
    done = xelinkd("check", "--config", daemon.config)
    assert done.returncode == 2
    assert 'outputs[1].format: found "slurm"; allowed: another one' in done.stderr


@needs_landlock
def test_the_writer_has_their_folders_and_no_others(daemon: Daemon, folder: Path) -> None:
    """A writer that is taken over writes into the folders of its files, and nowhere else."""
    configure(daemon, output("json", folder / "links.json"))
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    outcomes = act(daemon, "writer", ("write", str(folder / "new")), ("write", str(elsewhere / "new")))
    assert outcomes[0] != REFUSED
    assert outcomes[1] == REFUSED


def test_a_killed_writer_leaves_nothing_behind(daemon: Daemon, folder: Path) -> None:
    """What a writer was killed over is swept away by the next."""
    left = folder / ".links.json.123.new"
    left.write_text("{")
    configure(daemon, output("json", folder / "links.json"))
    daemon.start()
    wait_until((folder / "links.json").exists, "JSON")
    assert not left.exists()
