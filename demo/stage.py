"""Where the demo plays, how it looks at what happens, and how it speaks."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from xelinkd.simulator.machine import parse_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from demo.actors import Sink, Source


def free_port() -> int:
    """Give a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


FOLDER: Final = Path(__file__).resolve().parent.parent / ".demo"
FILE: Final = FOLDER / "features.d" / "xpum-sidecar-labels.txt"
CONFIG: Final = FOLDER / "xelinkd.toml"
LOG: Final = FOLDER / "xelinkd.log"
XELINKD: Final = [sys.executable, "-m", "xelinkd"]
PORT: Final = free_port()
PAGE: Final = f"http://127.0.0.1:{PORT}/"
PATIENCE: Final = 30.0  # seconds
LINK: Final = "0.0-3.0"  # which fails
MACHINE: Final = parse_machine("8x-max1550")
COLOUR: Final = sys.stdout.isatty() and "NO_COLOR" not in os.environ


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a daemon inside a `with` block, away from the terminal's ^C; it is ended in order."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def configure(source: Source, sink: Sink, *, namespace: str, min_lanes: int = 4) -> None:
    """Write the configuration, as an editor does: beside the file, then renamed."""
    new = CONFIG.with_suffix(".new")
    new.write_text(
        f'[source]\n{source.settings}interval = "1s"\nstartup_delay = "0s"\n'
        f'[labels]\nnamespace = "{namespace}"\nmin_lanes = {min_lanes}\n'
        f'{sink.settings}[log]\nformat = "json"\n'
        f'[status]\nlisten = "127.0.0.1:{PORT}"\n'
    )
    new.rename(CONFIG)


# What is seen.


def told(event: str, **fields: str) -> str:
    """Wait until the log tells of an event (with these fields), and give what matters of its line."""
    line: dict[str, Any] = wait_for(lambda: logged(event, fields)[-1:], event)[0]
    shown = {key: line[key] for key in line if key not in {"time", "file", "level"}}
    return json.dumps(shown)


def logged(event: str, fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """Give the log's lines of an event."""
    lines = [
        json.loads(line)
        for line in LOG.read_text().splitlines()
        if line.startswith("{") and line.endswith("}")
    ]
    return [line for line in lines if line["event"] == event and fields.items() <= line.items()]


def wait_for(condition: Callable[[], Any], what: str) -> Any:  # noqa: ANN401  whatever the condition gives
    """Wait until something is true."""
    deadline = time.monotonic() + PATIENCE
    while not (outcome := condition()):
        if time.monotonic() > deadline:
            raise SystemExit(f"demo: waited {PATIENCE:.0f} s in vain for {what}; see {LOG}")
        time.sleep(0.01)
    return outcome


# What is said.


def scene(title: str) -> None:
    """Begin a scene."""
    pause(1.5)
    print(f"\n{bold(title)}", flush=True)


def say(text: str) -> None:
    """Say a sentence."""
    print(text, flush=True)


def show(text: str) -> None:
    """Show what a program wrote."""
    print("".join(f"    {line}\n" for line in text.splitlines()), end="", flush=True)


def since(began: float) -> str:
    """Give the time that has passed."""
    return f"{time.monotonic() - began:.2f} s"


def pause(seconds: float) -> None:
    """Leave time to read, where somebody reads."""
    time.sleep(seconds if sys.stdout.isatty() else seconds / 5)


def bold(text: str) -> str:
    """Stand out, on a terminal."""
    return f"\033[1m{text}\033[0m" if COLOUR else f"== {text}"
