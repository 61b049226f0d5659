"""Two xelinkd on one feature file."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from support.daemon import Daemon, wait_until, xelinkd

from xelinkd.sinks.lock import FeatureFileLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xelinkd.simulator.server import Simulator


@pytest.fixture
def second(daemon: Daemon, tmp_path: Path) -> Iterator[Daemon]:
    """Give another daemon, which is told to keep the first one's file."""
    folder = tmp_path / "second"
    folder.mkdir()
    made = Daemon(folder, daemon.url)
    made.file = daemon.file
    made.configure()
    yield made
    made.close()


def test_the_second_ends_with_a_status_of_its_own(daemon: Daemon, second: Daemon) -> None:
    """A xelinkd that is started twice by mistake says so and ends, and the first goes on undisturbed."""
    daemon.configure(feature_file={"on_exit": "remove"})
    second.configure(feature_file={"on_exit": "remove"})
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    before, workers = daemon.file.stat(), daemon.wait_for_workers()
    second.start()
    assert second.process is not None
    assert second.process.wait(20) == 4
    assert second.events("feature_file_locked")
    assert daemon.file.stat().st_ino == before.st_ino
    assert daemon.wait_for_workers() == workers


def test_told_to_wait_it_takes_over(daemon: Daemon, second: Daemon, xpum: Simulator) -> None:
    """In a rollout the new one waits for the old one, as long as that takes, and no label blinks."""
    daemon.start()
    links = daemon.wait_for_links(lambda links: len(links) == 6)
    second.start("--config", str(second.config), "--when-locked", "wait")
    second.wait_for("feature_file_locked")
    scrapes = xpum.scrapes
    wait_until(lambda: xpum.scrapes > scrapes + 20, "more messages than wait in a pipe")
    assert daemon.stop() == 0
    assert second.wait_for("labels_adopted")["links"] == 6
    assert second.links() == links
    second.wait_for("feature_file_unlocked")
    xpum.set_link("0.0-1.0", up=False)
    second.wait_for_links(lambda links: len(links) == 5)


def test_a_lock_that_was_removed_is_noticed(daemon: Daemon, xpum: Simulator) -> None:
    """Who loses the lock while running stops writing until it is free again."""
    daemon.configure(feature_file={"when_locked": "wait"})
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    writer = daemon.wait_for_workers()["writer"]
    os.kill(writer, signal.SIGSTOP)
    (daemon.features / ".xelinkd" / f"{daemon.file.name}.lock").unlink()
    other = FeatureFileLock(daemon.file)
    assert other.take()
    os.kill(writer, signal.SIGCONT)
    xpum.set_link("0.0-1.0", up=False)
    daemon.wait_for("feature_file_locked")
    assert len(daemon.links()) == 6
    other.release()
    daemon.wait_for_links(lambda links: len(links) == 5)


@pytest.mark.parametrize("verb", ["once", "clear"])
def test_verbs_do_not_interfere(daemon: Daemon, verb: str) -> None:
    """What a person does by hand leaves the file alone while a daemon keeps it, and says so."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    before = daemon.file.stat()
    done = xelinkd(verb, "--config", daemon.config)
    assert (done.returncode, "feature_file_locked" in done.stderr) == (4, True)
    assert daemon.file.stat().st_ino == before.st_ino
