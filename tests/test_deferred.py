"""Modules that are imported for nothing."""

from __future__ import annotations

import subprocess
import sys


def _python(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


def test_daemon_does_without_asyncio() -> None:
    """The daemon spends no memory on asyncio, which structlog imports, until it serves the status."""
    code = "import sys, xelinkd.cli.run, xelinkd.serving.server; print('asyncio.events' in sys.modules)"
    assert _python(code) == "False\n"


def test_deferred_module_is_there_for_whoever_needs_it() -> None:
    """Code that does use a deferred module finds all of it."""
    code = "import xelinkd.logs, asyncio, asyncio.events; print(asyncio.run(asyncio.sleep(0, 42)))"
    assert _python(code) == "42\n"


def test_daemon_does_without_rich() -> None:
    """What else is installed on a machine costs the daemon nothing, and is there for whoever needs it."""
    code = (
        "import sys, xelinkd.logs; print('rich' in sys.modules); import rich.text; print(rich.text.__name__)"
    )
    assert _python(code) == "False\nrich.text\n"
