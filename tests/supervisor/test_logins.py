"""What outlives a fetcher: how its credentials stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.config.load import load
from xelinkd.model.login import ACCEPTED, NEW, WAIT
from xelinkd.supervisor.logins import Logins, credentials, heard
from xelinkd.workers.lifeline import ADMITTED, SPARED, WARY

if TYPE_CHECKING:
    from pathlib import Path


def test_a_fetcher_knows_what_the_one_before_it_learned() -> None:
    """One login that may fail is made in five minutes, however often the fetcher is replaced."""
    assert heard(WARY, 1000.0) == Logins(1000.0 + WAIT, NEW)
    assert heard(ADMITTED, 1000.0) == Logins(0.0, ACCEPTED)
    assert heard(SPARED, 1000.0) == Logins()


def test_what_is_trusted_belongs_to_the_credentials(tmp_path: Path) -> None:
    """A corrected pin is tried at once: nothing was sent to the server that was not the pinned one."""
    config, pin = tmp_path / "x.toml", tmp_path / "pin.pem"
    config.write_text(f'source = {{kind = "rest", pin_file = "{pin}"}}')
    pin.write_text("wrong")
    before = credentials(load(config, required=True))
    assert credentials(load(config, required=True)) == before
    pin.write_text("right")
    assert credentials(load(config, required=True)) != before
