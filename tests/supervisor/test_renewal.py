"""What workers are confined to may be replaced: they are, too, and labels and fetches go on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import trustme
from support.daemon import Daemon, wait_until

from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.server import serving

if TYPE_CHECKING:
    from xelinkd.simulator.server import Simulator


def remove(folder: Path) -> None:
    """Remove a folder in one step: what is removed bit by bit, the daemon mends meanwhile."""
    shutil.rmtree(folder.rename(folder.with_name("removed")))


def test_folder_that_is_made_again(daemon: Daemon, xpum: Simulator) -> None:
    """When features.d is removed and made again, or mounted late, the labels are back in it by themselves."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    remove(daemon.features)
    daemon.wait_for("feature_file_failing")
    daemon.features.mkdir()
    daemon.wait_for_links(lambda links: len(links) == 6)
    daemon.wait_for("feature_file_recovered")
    xpum.set_link("0.0-2.0", up=False)
    daemon.wait_for_links(lambda links: len(links) == 5)
    assert not daemon.events("worker_crashed")


def test_folder_that_is_made_again_while_the_source_is_dead(daemon: Daemon, xpum: Simulator) -> None:
    """Labels that are in no file any more are still held, and come back with the folder."""
    daemon.start()
    links = daemon.wait_for_links(lambda links: len(links) == 6)
    xpum.stop()
    daemon.wait_for("topology_unknown")
    remove(daemon.features)
    daemon.wait_for("feature_file_failing")
    daemon.features.mkdir()
    assert daemon.wait_for_links(bool) == links
    daemon.wait_for("feature_file_recovered")
    assert len(daemon.events("feature_file_recovered")) == 1


def test_folder_that_is_replaced_at_once(daemon: Daemon) -> None:
    """When another folder takes the place of features.d in one step, it has the labels soon."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    new = daemon.folder / "new"
    new.mkdir()
    daemon.features.rename(daemon.folder / "old")
    new.rename(daemon.features)
    daemon.wait_for("pipeline_renewed")
    daemon.wait_for_links(lambda links: len(links) == 6)


def test_same_certificate_in_another_file(tmp_path: Path) -> None:
    """A CA file that is replaced by a copy of itself, as a renewed Secret may be, costs one fetch at most."""
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        str(tmp_path / "server.pem")
    )
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    with serving(parse_machine("3x2"), certfile=tmp_path / "server.pem") as xpum:
        daemon = Daemon(tmp_path, xpum.url)
        daemon.configure(source={"ca_file": str(ca)})
        try:
            daemon.start().wait_for_links(lambda links: len(links) == 6)
            (tmp_path / "copy.pem").write_bytes(ca.read_bytes())
            (tmp_path / "copy.pem").rename(ca)
            daemon.wait_for("pipeline_renewed")
            scrapes = xpum.scrapes
            wait_until(lambda: xpum.scrapes > scrapes + 2, "fetches that go on")
            reasons = [event["reason"] for event in daemon.events("topology_unknown")]
            assert reasons in ([], ["ca_unreadable"])  # replaced in the very moment of a fetch
        finally:
            daemon.close()


def test_no_core_dump_holds_a_password(daemon: Daemon) -> None:
    """Where a password is configured, no process of xelinkd leaves a core dump."""
    password = daemon.folder / "password"
    password.write_text("s3same\n")
    daemon.configure(
        source={
            "url": "https://127.0.0.1:9/metrics",
            "user": "xpumadmin",
            "password_file": str(password),
        }
    )
    daemon.start()
    pids = [daemon.pid, *daemon.wait_for_workers().values()]
    limits = [_core_limit(pid) for pid in pids]
    assert limits == [["1", "1"]] * 4


def _core_limit(pid: int) -> list[str]:
    """Give the soft and hard limit; 1 byte is what keeps dumps from going through a pipe, too."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line.split()[4:6] for line in lines if line.startswith("Max core file size"))
