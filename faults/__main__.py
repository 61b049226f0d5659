"""Puts the daemon through faults, and prints how it held; the exit status is 0 if it held them all."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faults import mounts, report
from faults.ending import until_told
from faults.judge import Verdict, judge
from faults.ordeal import Ordeal
from faults.report import Outcome
from faults.rooms import FAULTS, ROOMS, SHORT
from faults.trial import TERMS, attempt
from xelinkd import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from faults.fault import Fault


def main() -> int:
    """Try what is asked for."""
    options = _options()
    if options.list:
        sys.stdout.writelines(f"{room}: {fault.name}\n" for room, faults in ROOMS.items() for fault in faults)
        return 0
    mounts.go_private()
    facts = _facts()
    outcomes = list(_tried(_chosen(options)))
    sys.stdout.write(f"{report.table(outcomes)}\n")
    if options.json:
        options.json.write_text(json.dumps(report.as_json(outcomes, facts), indent=2) + "\n")
    if options.markdown:
        table = report.markdown(outcomes, facts)
        options.markdown.write_text(report.placed(options.markdown.read_text(), table))
    return 0 if all(outcome.verdict.held for outcome in outcomes) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/faults", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--only", action="append", metavar="NAME", help="may be given again")
    what.add_argument("--room", action="append", choices=list(ROOMS), help="may be given again")
    what.add_argument("--quick", action="store_true", help="the short form: a few, of different kinds")
    what.add_argument("--list", action="store_true", help="name all faults, with their room, and end")
    what.add_argument(
        "--markdown", type=Path, metavar="FILE", help="put the table into FILE, between its marks"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was seen")
    options = parser.parse_args()
    for name in options.only or ():
        if name not in FAULTS:
            parser.error(f"there is no fault {name!r}: --list has their names")
    return options


def _chosen(options: argparse.Namespace) -> Sequence[Fault | Ordeal]:
    if options.quick:
        return SHORT
    if options.room:
        return [fault for room in options.room for fault in ROOMS[room]]
    return [FAULTS[name] for name in options.only or FAULTS]


def _tried(faults: Sequence[Fault | Ordeal]) -> Iterator[Outcome]:
    """Try one after the other, and tell how it goes."""
    for number, fault in enumerate(faults, 1):
        sys.stderr.write(f"[{number}/{len(faults)}] {fault.name}: ")
        sys.stderr.flush()
        outcome = _try(fault)
        sys.stderr.write(f"{report.line(outcome)}\n")
        yield outcome


def _try(fault: Fault | Ordeal) -> Outcome:
    """Try one; a trial that goes wrong does not keep the others from being made."""
    try:
        return _undergone(fault) if isinstance(fault, Ordeal) else _attempted(fault)
    except (AssertionError, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]  # the log may follow
        return Outcome(fault.name, Verdict(None, (f"could not be tried: {reason}",)))


def _attempted(fault: Fault) -> Outcome:
    record = attempt(fault)
    failed = [f"requests failed: {record.failures}"] if record.failures else []
    note = ", ".join([*(word for word in fault.tells if word in record.words), *failed])
    return Outcome(fault.name, judge(fault, record, TERMS), record.peak_mib, note, record)


def _undergone(ordeal: Ordeal) -> Outcome:
    found = ordeal.undergo()
    return Outcome(ordeal.name, Verdict(found.recovery, found.complaints), found.peak_mib, found.note)


def _facts() -> dict[str, object]:
    return {
        "xelinkd": __version__,
        "Python": platform.python_version(),
        "Linux": platform.release().partition("-")[0],
        "cores": os.cpu_count(),
        "load before": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    sys.exit(until_told(main))
