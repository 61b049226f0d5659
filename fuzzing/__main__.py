"""`python -m fuzzing`: fuzzes the targets one after the other, and tells what became of each."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fuzzing.cost import bounded
from fuzzing.outcome import PROGRESS, Outcome, read_outcome, table
from fuzzing.seeds import ROOT
from fuzzing.targets import ALL, load

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER: Final = ROOT / ".fuzz"
_SECONDS: Final = 20  # for each target, if it is not told otherwise
_LIMITS: Final = ("-timeout=60", "-rss_limit_mb=1024")  # for what hangs or grows inside one call of C
_BROKEN: Final = 1
_INTERRUPTED: Final = 130


def main() -> int:
    """Do what is asked for; 1 if anything broke."""
    options = _parser().parse_args()
    names = options.targets or ALL
    if options.input:
        return _reproduce(names, options.input.read_bytes())
    limit = f"-runs={options.runs}" if options.runs else f"-max_total_time={options.seconds}"
    outcomes = [_fuzz(name, limit) for name in names]
    sys.stdout.write(table(outcomes) + "\n")
    for outcome in outcomes:
        sys.stdout.write(_advice(outcome) if outcome.fault else "")
    return _BROKEN if any(outcome.fault for outcome in outcomes) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tools/fuzz", description=__doc__)
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--runs", type=int, metavar="N", help="inputs for each target")
    amount.add_argument("--seconds", type=int, default=_SECONDS, metavar="N", help="time for each target")
    amount.add_argument("--input", type=Path, metavar="FILE", help="only check this one input")
    parser.add_argument("targets", nargs="*", choices=ALL, metavar="TARGET", help=", ".join(ALL))
    return parser


def _reproduce(names: Sequence[str], data: bytes) -> int:
    """Check one input, without the fuzzer: what it breaks is shown as a traceback."""
    for name in names:
        bounded(load(name).check)(data)
        sys.stdout.write(f"{name}: {len(data)} bytes break nothing\n")
    return 0


def _fuzz(name: str, limit: str) -> Outcome:
    FOLDER.mkdir(exist_ok=True)
    began = time.monotonic()
    with _started(name, limit) as process:
        said = "".join(_told(name, line) for line in process.stdout or ())
    _log(name).write_text(said)
    return read_outcome(name, said, time.monotonic() - began, process.returncode)


def _started(name: str, limit: str) -> subprocess.Popen[str]:
    """Start a target's process; a crash ends it."""
    flags = (limit, *_LIMITS, "-keep_seed=1", "-print_final_stats=1", f"-artifact_prefix={FOLDER}/{name}-")
    command = [sys.executable, "-u", "-m", "fuzzing.engine", name, str(FOLDER), *flags]
    return subprocess.Popen(  # noqa: S603  our own command
        command, cwd=ROOT, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def _told(name: str, line: str) -> str:
    """Pass a line on if it is for people."""
    if line.startswith(PROGRESS):
        sys.stderr.write(f"{name}: {line.removeprefix(PROGRESS)}")
    return line


def _log(name: str) -> Path:
    return FOLDER / f"{name}.log"


def _advice(outcome: Outcome) -> str:
    if not outcome.culprit:
        return f"\n{outcome.target} could not be fuzzed ({outcome.fault}): see {_log(outcome.target)}\n"
    again = f"tools/fuzz --input {Path(outcome.culprit).relative_to(ROOT)} {outcome.target}"
    return f"\n{outcome.target}: {outcome.fault}\n  again: {again}\n  all of it: {_log(outcome.target)}\n"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
