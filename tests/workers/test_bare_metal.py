"""The daemon beside the XPU Manager of the bare-metal package."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from support.bare_metal import bare_metal, make_nameless
from support.daemon import Daemon, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.bare_metal import BareMetal


@pytest.fixture
def xpum(tmp_path: Path) -> Iterator[BareMetal]:
    """Give an XPU Manager that has REST and a page."""
    with bare_metal(tmp_path, "8x-max1550") as made:
        yield made


@pytest.fixture
def node(tmp_path: Path, xpum: BareMetal) -> Iterator[Daemon]:
    """Give a xelinkd that asks REST, and serves its status."""
    made = Daemon(tmp_path, xpum.simulator.url).serve_status()
    made.configure(source=xpum.settings())
    yield made
    made.close()


def test_labels_are_those_of_the_page(node: Daemon, xpum: BareMetal) -> None:
    """From REST to the page and back, not one byte of the labels changes, and links follow."""
    node.start()
    node.wait_for_links(bool)
    before = node.labels()
    node.configure(source=xpum.settings("metrics", pin_file="", user="", password_file=""))
    wait_until(lambda: xpum.simulator.scrapes > 1, "the page to be asked")
    assert node.labels() == before
    node.configure(source=xpum.settings())
    node.wait_for("config_applied", times=2)
    xpum.simulator.set_link("0.0-1.0", up=False)
    node.wait_for_links(lambda links: "0.0-1.0" not in links)


def test_error_costs_no_label(node: Daemon, xpum: BareMetal) -> None:
    """XPU Manager that cannot read the topology is unknown, and the labels stay."""
    node.start()
    before = node.wait_for_links(bool)
    xpum.simulator.set_mode("no-topology")
    assert node.wait_for("topology_unknown")["reason"] == "xpum_error"
    assert node.links() == before


def test_wrong_password_is_tried_once(node: Daemon, xpum: BareMetal) -> None:
    """The tarpit is stepped into once; the right password counts as soon as it is there."""
    xpum.password.write_text("wrong")
    node.start()
    assert node.wait_for("login_waiting")["reason"] == "unauthorized"
    xpum.password.write_text("sesame")
    node.wait_for_links(bool)
    assert xpum.simulator.refusals == 1


def test_new_pin_is_taken_at_once(node: Daemon, xpum: BareMetal, tmp_path: Path) -> None:
    """Whoever replaces the pin file, as after a new certificate, need not restart anything."""
    right, wrong = xpum.pin.read_bytes(), make_nameless(tmp_path, "other")[1].read_bytes()
    xpum.pin.write_bytes(wrong)
    node.start()
    assert node.wait_for("topology_unknown")["reason"] == "tls_certificate"
    staged = tmp_path / "staged.pem"
    staged.write_bytes(right)
    os.rename(staged, xpum.pin)  # noqa: PTH104  as mv does
    node.wait_for_links(bool)
    assert xpum.simulator.refusals == 0


def test_choice_is_said(node: Daemon, xpum: BareMetal) -> None:
    """With auto, the log and the status tell which of the two is asked."""
    node.configure(source=xpum.settings("auto"))
    node.start()
    node.wait_for_links(bool)
    chosen = node.wait_for("source_chosen")
    assert (chosen["address"], chosen["because"]) == (xpum.simulator.rest_url, "it answers")
    node.wait_for_answer("/status.json", lambda _, body: xpum.simulator.rest_url in body)
    assert xpum.simulator.scrapes == 0


def test_refused_password_lets_the_page_take_over(node: Daemon, xpum: BareMetal) -> None:
    """With auto, a wrong password costs no label, is tried once, and is said."""
    xpum.password.write_text("wrong")
    node.configure(source=xpum.settings("auto"))
    node.start()
    node.wait_for_links(bool)
    assert node.wait_for("source_chosen")["address"] == xpum.simulator.url
    wait_until(lambda: xpum.simulator.scrapes > 3, "fetches at the usual pace")
    assert (node.events("login_waiting"), xpum.simulator.refusals) == ([], 1)
    node.wait_for_answer("/status.json", lambda _, body: xpum.simulator.url in body)
    os.kill(node.wait_for_workers()["fetcher"], signal.SIGKILL)
    node.wait_for("unit_restarting")
    with pytest.raises(AssertionError, match="in vain"):
        wait_until(lambda: xpum.simulator.refusals > 1, "a second try", 0.5)
    xpum.password.write_text("sesame")
    assert node.wait_for("source_chosen", times=2)["address"] == xpum.simulator.rest_url
