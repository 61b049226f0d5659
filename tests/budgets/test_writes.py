"""How often a steady node writes where Node Feature Discovery looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support import prepared

if TYPE_CHECKING:
    from support.daemon import Daemon


def test_thousand_steady_cycles_write_nothing(daemon: Daemon) -> None:
    """Labels that are confirmed a thousand times wake Node Feature Discovery once: when they are written."""
    status, output, errors = prepared.run("-m", "support.fed_writer", str(daemon.config), "1000")

    assert status == 0, errors.decode()
    assert output == b"0\n"
    assert daemon.labels()
