"""A configuration that changes while xelinkd runs, in every way in which people and programs change files."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from datetime import datetime
from itertools import count, pairwise
from typing import TYPE_CHECKING

import pytest
from support.daemon import Daemon, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xelinkd.simulator.server import Simulator


def write_in_place(path: Path, text: str) -> None:
    """Do as `echo >` does."""
    path.write_text(text)


def rename_over(path: Path, text: str) -> None:
    """Do as careful programs do."""
    new = path.with_name("xelinkd.toml.tmp")
    new.write_text(text)
    new.rename(path)


def as_sed(path: Path, text: str) -> None:
    """Let `sed -i` do it."""
    namespace = text.partition('namespace = "')[2].partition('"')[0]
    path.write_text(path.read_text())
    subprocess.run(["sed", "-i", f's/^namespace = .*/namespace = "{namespace}"/', str(path)], check=True)  # noqa: S607  any sed


def as_vim(path: Path, text: str) -> None:
    """Do as vim does: the old file becomes the backup, then goes."""
    backup = path.with_name("xelinkd.toml~")
    path.rename(backup)
    path.write_text(text)
    backup.unlink()


def copy_over(path: Path, text: str) -> None:
    """Do as `cp` does."""
    new = path.parent.parent / "new.toml"
    new.write_text(text)
    shutil.copyfile(new, path)


def delete_and_make(path: Path, text: str) -> None:
    """Take the file away and bring another."""
    path.unlink()
    path.write_text(text)


def replace_folder(path: Path, text: str) -> None:
    """Take the folder away, and bring another in its place by rename."""
    new = path.parent.with_name("etc.new")
    new.mkdir()
    (new / path.name).write_text(text)
    path.parent.rename(path.parent.with_name("etc.old"))
    new.rename(path.parent)


def delete_and_make_folder(path: Path, text: str) -> None:
    """Remove the folder, and make it again."""
    shutil.rmtree(path.parent)
    path.parent.mkdir()
    path.write_text(text)


CHANGES: list[Callable[[Path, str], None]] = [
    write_in_place,
    rename_over,
    as_sed,
    as_vim,
    copy_over,
    delete_and_make,
    replace_folder,
    delete_and_make_folder,
]


def namespace_is(daemon: Daemon, namespace: str) -> bool:
    """Tell whether the labels in the file have this namespace."""
    labels = daemon.labels()
    return bool(labels) and all(label.startswith(f"{namespace}/xe-links") for label in labels)


def wait_for_namespace(daemon: Daemon, namespace: str) -> None:
    """Wait until a change of the configuration shows in the file."""
    wait_until(lambda: namespace_is(daemon, namespace), f"{namespace} in\n{daemon.log.read_text()}")


def test_change_applies(daemon: Daemon) -> None:
    """However a file is changed, again and again, the new configuration soon shows in the labels."""
    daemon.configure(labels={"namespace": "gpu.intel.com"})
    daemon.start()
    wait_for_namespace(daemon, "gpu.intel.com")
    daemon.wait_for_workers()
    for number, change in enumerate([*CHANGES, rename_over]):
        namespace = f"{change.__name__.replace('_', '-')}-{number}.example.org"
        change(daemon.config, daemon.text(labels={"namespace": namespace}))
        wait_for_namespace(daemon, namespace)


def test_change_that_never_settles_applies(daemon: Daemon) -> None:
    """A configuration that is touched again and again by somebody else's program applies meanwhile."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    daemon.wait_for_workers()
    rename_over(daemon.config, daemon.text(labels={"namespace": "example.org"}))

    def is_applied_while_touched() -> bool:
        os.utime(daemon.config)
        return namespace_is(daemon, "example.org")

    wait_until(is_applied_while_touched, f"the change in\n{daemon.log.read_text()}")


def test_config_map_swap_applies(daemon: Daemon, tmp_path: Path) -> None:
    """A ConfigMap that the kubelet updates applies without a restart."""
    volume = tmp_path / "volume"
    daemon.config = volume / "xelinkd.toml"
    (volume / "..v1").mkdir(parents=True)
    (volume / "..v1" / "xelinkd.toml").write_text(daemon.text(labels={"namespace": "one.example.org"}))
    (volume / "..data").symlink_to("..v1")
    daemon.config.symlink_to("..data/xelinkd.toml")
    daemon.start()
    wait_for_namespace(daemon, "one.example.org")
    for number in (2, 3):
        (volume / f"..v{number}").mkdir()
        text = daemon.text(labels={"namespace": f"v{number}.example.org"})
        (volume / f"..v{number}" / "xelinkd.toml").write_text(text)
        (volume / "..data_tmp").symlink_to(f"..v{number}")
        (volume / "..data_tmp").rename(volume / "..data")
        shutil.rmtree(volume / f"..v{number - 1}")
        wait_for_namespace(daemon, f"v{number}.example.org")


def test_symlinked_file_applies(daemon: Daemon, tmp_path: Path) -> None:
    """A configuration file that is a symlink is followed: changes of its target, and another target."""
    target = tmp_path / "elsewhere" / "real.toml"
    target.parent.mkdir()
    target.write_text(daemon.text(labels={"namespace": "one.example.org"}))
    daemon.config.unlink()
    daemon.config.symlink_to(target)
    daemon.start()
    wait_for_namespace(daemon, "one.example.org")
    target.write_text(daemon.text(labels={"namespace": "two.example.org"}))
    wait_for_namespace(daemon, "two.example.org")
    other = tmp_path / "other.toml"
    other.write_text(daemon.text(labels={"namespace": "three.example.org"}))
    link = daemon.config.with_name("link.tmp")
    link.symlink_to(other)
    link.rename(daemon.config)
    wait_for_namespace(daemon, "three.example.org")


def test_hangup_reads_the_configuration(daemon: Daemon) -> None:
    """SIGHUP reads the file again; one that says the same changes nothing."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    workers = daemon.wait_for_workers()
    os.kill(daemon.pid, signal.SIGHUP)
    daemon.wait_for("config_unchanged")
    daemon.config.write_text(daemon.config.read_text() + "# the same, told otherwise\n")
    daemon.wait_for("config_unchanged", times=2)
    assert daemon.wait_for_workers() == workers
    assert daemon.events("config_applied") == []


def test_invalid_file_changes_nothing(daemon: Daemon) -> None:
    """A wrong configuration is told with its key while the old one goes on; the next right one applies."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    workers = daemon.wait_for_workers()
    rename_over(daemon.config, daemon.text(source={"intervall": "1s"}))
    problems = daemon.wait_for("config_refused")["problems"]
    assert len(problems) == 1
    assert "source.intervall" in problems[0]
    assert "did you mean 'interval'" in problems[0]
    assert daemon.wait_for_workers() == workers
    daemon.settings["source"].pop("intervall")
    daemon.configure(labels={"namespace": "example.org"})
    wait_for_namespace(daemon, "example.org")


def test_change_that_could_not_be_read_applies_later(daemon: Daemon) -> None:
    """A change that comes while no file can be opened is refused once, and applies when that has passed."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    daemon.wait_for_workers()
    limits = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
    in_use = set(os.listdir(f"/proc/{daemon.pid}/fd"))  # noqa: PTH208  # names are enough
    lowest_free = next(number for number in count() if str(number) not in in_use)
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (lowest_free, limits[1]))
    daemon.configure(labels={"namespace": "example.org"})
    assert "Too many open files" in daemon.wait_for("config_refused")["problems"][0]
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, limits)
    wait_for_namespace(daemon, "example.org")
    assert len(daemon.events("config_refused")) == 1


def test_deleted_file_changes_nothing(daemon: Daemon) -> None:
    """The configuration in force survives its file, and another one applies when there is one."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    workers = daemon.wait_for_workers()
    daemon.config.unlink()
    daemon.wait_for("config_refused")
    assert daemon.wait_for_workers() == workers
    daemon.configure(labels={"namespace": "example.org"})
    wait_for_namespace(daemon, "example.org")


def test_storm_of_changes(daemon: Daemon) -> None:
    """Many changes in a row make at most one reload a second, and end on the last content."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    daemon.wait_for_workers()
    for number in range(200):
        rename_over(daemon.config, daemon.text(labels={"namespace": f"n{number}.example.org"}))
    wait_for_namespace(daemon, "n199.example.org")
    times = [datetime.fromisoformat(event["time"]) for event in daemon.events("config_applied")]
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    assert all(gap > 0.99 for gap in gaps)


def test_startup_delay_is_for_the_start_alone(daemon: Daemon) -> None:
    """A change after the start-up delay is over is not delayed by it again."""
    daemon.configure(source={"startup_delay": "1s"})
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    daemon.configure(source={"startup_delay": "10m"}, labels={"namespace": "example.org"})
    wait_for_namespace(daemon, "example.org")


def test_moved_feature_file_takes_the_labels_along(daemon: Daemon, xpum: Simulator, tmp_path: Path) -> None:
    """A feature file that is configured elsewhere moves, even while the source is dead."""
    daemon.start()
    links = daemon.wait_for_links(lambda links: len(links) == 6)
    xpum.stop()
    daemon.wait_for("topology_unknown")
    before, daemon.file = daemon.file, tmp_path / "features.d" / "other.txt"
    daemon.configure()
    daemon.wait_for("labels_moved")
    assert daemon.links() == links
    assert not before.exists()


def test_named_file_must_be_there(daemon: Daemon) -> None:
    """A file named on the command line that is missing is told, with exit status 2."""
    daemon.config.unlink()
    daemon.start()
    assert daemon.process is not None
    assert daemon.process.wait(20) == 2
    assert str(daemon.config) in daemon.log.read_text()


def test_without_inotify_it_polls_and_says_so(daemon: Daemon) -> None:
    """Where the kernel's watches are used up, changes still apply, a little later, and the log says why."""
    no_inotify = 'echo 0 >/proc/sys/user/max_inotify_instances && exec "$@"'
    namespace = ["unshare", "--user", "--map-root-user", "sh", "-c", no_inotify, "sh"]
    if subprocess.run([*namespace, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let us make user namespaces")
    daemon.start(prefix=namespace)
    daemon.wait_for_links(lambda links: len(links) == 6)
    assert "inotify" in daemon.wait_for("watching_by_polling")["reason"]
    rename_over(daemon.config, daemon.text(labels={"namespace": "example.org"}))
    wait_for_namespace(daemon, "example.org")


@pytest.mark.parametrize(
    "there",
    [
        pytest.param(b"hello=world\n", id="somebody else's file"),
        pytest.param(
            b"# +expiry-time=2020-01-01T00:00:00Z\ngpu.intel.com/xe-links=7.0-9.0\n", id="an expired one"
        ),
        pytest.param(b"gpu.intel.com/xe-links=7.0-9.0\n", id="a leftover of the Go sidecar"),
    ],
)
def test_labels_move_to_a_place_that_is_taken(daemon: Daemon, xpum: Simulator, there: bytes) -> None:
    """Labels that move while the source is dead stay the true ones, whatever stands at the new place."""
    daemon.start()
    links = daemon.wait_for_links(lambda links: len(links) == 6)
    xpum.stop()
    before, daemon.file = daemon.file, daemon.features / "other.txt"
    daemon.file.write_bytes(there)
    daemon.configure()
    daemon.wait_for("labels_moved")
    assert daemon.links() == links
    assert not before.exists()


def test_labels_move_after_a_wrong_turn(daemon: Daemon, xpum: Simulator, tmp_path: Path) -> None:
    """A wrong path that is put right leaves no labels behind at the first place."""
    daemon.start()
    links = daemon.wait_for_links(lambda links: len(links) == 6)
    before, daemon.file = daemon.file, tmp_path / "missing" / "labels.txt"
    daemon.configure()
    assert "there is no folder" in daemon.wait_for("feature_file_failing")["error"]
    assert before.exists()
    daemon.file = daemon.features / "right.txt"
    daemon.configure()
    assert daemon.wait_for("labels_moved")["moved_from"] == str(before)
    assert daemon.links() == links
    daemon.wait_for("former_files_forgotten")
    before.write_text("gpu.intel.com/xe-links=7.0-9.0\n")
    os.kill(daemon.wait_for_workers()["writer"], signal.SIGKILL)
    xpum.set_link("0.0-2.0", up=False)
    daemon.wait_for_links(lambda links: len(links) == 5)
    assert before.exists(), "what others write there later is theirs"


def test_emptied_file_changes_nothing(daemon: Daemon) -> None:
    """A configuration that a full disk emptied is refused; when it is right again, that is told."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    text = daemon.config.read_text()
    daemon.config.write_text("")
    assert "is empty" in daemon.wait_for("config_refused")["problems"][0]
    daemon.config.write_text(text)
    daemon.wait_for("config_right_again")
    assert daemon.events("config_applied") == []
