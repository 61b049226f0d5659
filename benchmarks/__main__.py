"""Measures what the daemon costs, and prints it as a table. No figure makes it fail."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import comparison, procfs, report
from benchmarks.measures import MEASURES
from benchmarks.rig import FULL, QUICK, Rig, page_server
from benchmarks.table import placed
from faults.ending import until_told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.figures import Figure
    from benchmarks.rig import Server


def main() -> int:
    """Measure what is asked for, and show it as is asked for; the exit status is 0."""
    options = _options()
    before = comparison.saved_figures(json.loads(options.compare.read_text())) if options.compare else []
    with tempfile.TemporaryDirectory() as folder, page_server(Path(folder)) as server:
        rig = _rig(options, server, Path(folder))
        facts = {**_machine(rig), "quick": options.quick}
        figures = _measured(rig, options.only or list(MEASURES))
    sys.stdout.write(report.as_text(figures, facts))
    if options.compare:
        sys.stdout.write(f"\n{comparison.compared(before, figures)}\n")
    if options.json:
        options.json.write_text(json.dumps(report.as_json(figures, facts), indent=2) + "\n")
    if options.markdown:
        text = report.as_markdown(figures, facts)
        options.markdown.write_text(placed(options.markdown.read_text(), text))
    return 0


def _rig(options: argparse.Namespace, server: Server, folder: Path) -> Rig:
    effort = QUICK if options.quick else FULL
    return Rig(options.python, options.references, options.peer, effort, server, folder, options.build)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="the interpreter that runs the daemon")
    parser.add_argument("--references", default="", metavar="FOLDER", help="where its references are")
    parser.add_argument("--quick", action="store_true", help="only show that it works")
    parser.add_argument("--only", action="append", choices=list(MEASURES), help="may be given again")
    parser.add_argument("--build", action="store_true", help="build packages and image first, for their size")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="set it beside a run that --json wrote")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="put the table into FILE, between its marks"
    )
    parser.add_argument("peer", nargs=argparse.REMAINDER, metavar="PEER", help="command of another program")
    return parser.parse_args()


def _measured(rig: Rig, names: Sequence[str]) -> list[Figure]:
    """Measure, and tell how far it is; a quick run is not set against the budgets."""
    figures = []
    for number, name in enumerate(names, 1):
        began = time.monotonic()
        sys.stderr.write(f"[{number}/{len(names)}] {name}: ")
        sys.stderr.flush()
        figures += MEASURES[name](rig)
        sys.stderr.write(f"{time.monotonic() - began:.0f} s\n")
    return [replace(figure, budget=None) for figure in figures] if rig.effort is QUICK else figures


def _machine(rig: Rig) -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "kernel": platform.release().partition("-")[0],
        "python of the daemon": _ask(rig, "platform.python_version()"),
        "python of the harness": platform.python_version(),
        "load before": round(os.getloadavg()[0], 1),
        "others with the daemon's interpreter in memory": _sharers(rig),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "unknown")


def _sharers(rig: Rig) -> int:
    """Count who else has the daemon's interpreter in memory: shared pages flatter the daemon's PSS."""
    mapped = _ask(rig, "open('/proc/self/maps').read()").split()
    files = {path for path in mapped if "libpython" in path} or {
        _ask(rig, "os.path.realpath(sys.executable)")
    }
    return len(set().union(*map(procfs.users_of, files)))


def _ask(rig: Rig, expression: str) -> str:
    """Evaluate something in the daemon's interpreter."""
    command = [rig.python, "-c", f"import os, platform, sys; print({expression})"]
    return subprocess.check_output(command, text=True).strip()  # noqa: S603  our own words


if __name__ == "__main__":
    sys.exit(until_told(main))
