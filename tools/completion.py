"""Writes what completes xelinkd's command line in bash, zsh and fish, from the parsers that the verbs use.

Usage: completion.py FOLDER.
"""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Final

import shtab

from xelinkd.cli.arguments import GO_FLAGS
from xelinkd.cli.go_flags import NAMES
from xelinkd.cli.main import DEFAULT_VERB, VERBS, module_of

# The names that each shell looks for.
FILES: Final = {"bash": "xelinkd", "zsh": "_xelinkd", "fish": "xelinkd.fish"}
PLACES: Final = {"FILE": shtab.FILE, "SOURCE": shtab.FILE, "FOLDER": shtab.DIRECTORY}
_GO_FLAG: Final = re.compile(r"  -(?P<name>\S+)(?: (?P<value>\S+))?\s{2,}(?P<meaning>\S.*)")


def whole() -> ArgumentParser:
    """Make one parser of all: without a verb the daemon's flags, then the verbs with theirs."""
    made = _completing("xelinkd", DEFAULT_VERB)
    made.add_argument("--version", action="store_true", help=VERBS["version"])
    verbs = made.add_subparsers(metavar="VERB")
    for verb, text in VERBS.items():
        verbs.add_parser(verb, help=text, parents=[_completing(f"xelinkd {verb}", verb)], add_help=False)
    return made


def _completing(name: str, verb: str) -> ArgumentParser:
    """Make a verb's parser with the flags of Intel's sidecar, if it takes them, and with what names files."""
    made = ArgumentParser(name, parents=[module_of(verb).command_line()], add_help=False)
    if _takes_go_flags(verb):
        _add_go_flags(made)
    for action in made._actions:  # noqa: SLF001  there is no other way to them
        if place := PLACES.get(str(action.metavar)):
            action.complete = place  # type: ignore[attr-defined]  as shtab wants it
    return made


def _takes_go_flags(verb: str) -> bool:
    """Tell whether its help text has them."""
    return module_of(verb).command_line().epilog == GO_FLAGS


def _add_go_flags(made: ArgumentParser) -> None:
    """Add those that do something."""
    for flag in filter(None, map(_GO_FLAG.fullmatch, GO_FLAGS.splitlines())):
        if flag["name"] in NAMES:
            kind = {"metavar": flag["value"]} if flag["value"] else {"action": "store_true"}
            made.add_argument(f"-{flag['name']}", help=flag["meaning"], **kind)


def main(folder: Path) -> None:
    """Write them."""
    folder.mkdir(parents=True, exist_ok=True)
    for shell, name in FILES.items():
        text = shtab.complete(whole(), shell)
        # fish knows flags of many letters after one dash by another option, which shtab (1.13) does not.
        (folder / name).write_text(re.sub(r" -s (?=[\w-]{2})", " -o ", text) if shell == "fish" else text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
