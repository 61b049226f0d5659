"""Writes the man pages xelinkd(8) and xelinkd.toml(5), from the -h texts and the configuration's schema.

Usage: manual.py FOLDER. Their date is that of SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from xelinkd import __doc__ as summary
from xelinkd import __version__
from xelinkd.cli.arguments import GO_FLAGS
from xelinkd.cli.main import DEFAULT_VERB, VERBS, module_of
from xelinkd.config.describe import DEFAULT_HEAD
from xelinkd.config.keys import LISTS, SECTIONS, keys_of, summary_of
from xelinkd.config.schema import DEFAULT_PATH
from xelinkd.config.sinks import FeatureFile

if TYPE_CHECKING:
    from argparse import Action, ArgumentParser
    from collections.abc import Iterable, Iterator, Sequence

    Lines = Iterable[str]

# What roff takes for something else, and where typographers put another character.
ESCAPES: Final = str.maketrans(
    {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", '"': r"\(dq"}
)
# A row of a table in a -h text: a word or a flag, and after two spaces what it means.
ROW: Final = re.compile(r"  (?P<term>\S+|-\S+ \S+)\s{2,}(?P<text>\S.*)")

FILES: Final = (
    (str(DEFAULT_PATH), "The configuration: xelinkd.toml(5)."),
    (str(FeatureFile().path), "The feature file, unless another is configured."),
    ("/usr/lib/systemd/system/xelinkd.service", "The service; the comments in it say what each line is for."),
    ("/usr/share/doc/xelinkd/", "Guides, and examples of drop-ins for the service."),
)


def plain(line: str) -> str:
    """Escape a line, which must not begin as a request does."""
    return (r"\&" if line.startswith(".") else "") + line.translate(ESCAPES)


def flowing(text: str) -> Iterator[str]:
    """Give a text that is folded by whoever shows it."""
    yield from map(plain, wrap(text, 72, break_long_words=False, break_on_hyphens=False))


def macro(name: str, text: str) -> str:
    """Give a request with one argument."""
    return f'.{name} "{plain(text)}"'


def entry(term: str, text: str) -> Lines:
    """Give a term and what it means."""
    return ".TP", macro("B", term), *flowing(text)


def literal(lines: Lines) -> Lines:
    """Give lines as they are."""
    return ".PP", ".RS 4", ".nf", *map(plain, lines), ".fi", ".RE"


def prose(text: str) -> Iterator[str]:
    """Give a -h text: paragraphs that flow, and below some of them tables or lines as they are."""
    for paragraph in re.split(r"\n\n+", text.strip("\n")):
        yield from _paragraph(paragraph.split("\n"))


def _paragraph(lines: Sequence[str]) -> Iterator[str]:
    """Part it where the indentation begins and ends."""
    for is_indented, run in _runs(lines):
        if is_indented:
            yield from _indented(run)
        else:
            yield ".PP"
            yield from flowing("\n".join(run))


def _runs(lines: Sequence[str]) -> Iterator[tuple[bool, list[str]]]:
    """Part lines into runs that are indented, and runs that are not."""
    run: list[str] = []
    for line in lines:
        if run and line.startswith("  ") != run[0].startswith("  "):
            yield run[0].startswith("  "), run
            run = []
        run.append(line)
    yield run[0].startswith("  "), run


def _indented(lines: Sequence[str]) -> Iterator[str]:
    rows = [ROW.fullmatch(line) for line in lines]
    if not all(rows):
        yield from literal(line.removeprefix("  ") for line in lines)
        return
    for row in filter(None, rows):
        yield from entry(row["term"], row["text"])


def options(parser: ArgumentParser) -> Iterator[str]:
    """Give a verb's own options and arguments."""
    for action in parser._actions:  # noqa: SLF001  there is no other way to them
        yield from entry(_named(action), (action.help or "").replace("%%", "%"))


def _named(action: Action) -> str:
    value = action.metavar or ("{" + ",".join(map(str, action.choices)) + "}" if action.choices else "")
    value = value if isinstance(value, str) else " ".join(value)
    if not action.option_strings:
        return value
    if action.nargs == 0:
        return ", ".join(action.option_strings)
    value = value or action.dest.upper()
    value = f"[{value}]" if action.nargs == "?" else value
    return ", ".join(f"{flag} {value}" for flag in action.option_strings)


def usages(parser: ArgumentParser) -> Iterator[str]:
    """Give the forms of a command line, each folded as its reader's terminal needs it."""
    words = " ".join(parser.format_usage().removeprefix("usage: ").split())
    first, *others = re.split(r" (?=xelinkd )", words)
    yield from flowing(first)
    for usage in others:
        yield from (".PP", *flowing(usage))


def verb_section(verb: str) -> Iterator[str]:
    """Give the section of a verb."""
    parser = module_of(verb).command_line()
    yield macro("SS", f"xelinkd {verb}")
    yield from usages(parser)
    yield from prose(parser.description or "")
    yield from options(parser)
    if parser.epilog and parser.epilog != GO_FLAGS:
        yield from prose(parser.epilog)


def head(name: str, section: int, what: str) -> Iterator[str]:
    """Give the beginning of a page."""
    when = dt.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), dt.UTC)
    yield f'.TH {name.upper()} {section} "{when:%Y-%m-%d}" "xelinkd {__version__}" "System Administration"'
    yield from (".nh", ".ad l", ".SH NAME", rf"{plain(name)} \- {plain(what)}")


def program_page() -> Iterator[str]:
    """Give xelinkd(8)."""
    _, _, what = (summary or "").strip().rstrip(".").partition(": ")
    yield from head("xelinkd", 8, what)
    yield ".SH SYNOPSIS"
    yield from usages(module_of(DEFAULT_VERB).command_line())
    yield ".SH DESCRIPTION"
    yield plain("Without a verb it is the daemon: the verb run.")
    for verb in VERBS:
        yield from verb_section(verb)
    yield macro("SH", "FLAGS OF INTEL'S SIDECAR")
    yield plain("All verbs that read the configuration take them, too.")
    yield from prose(GO_FLAGS)
    yield ".SH FILES"
    for path, meaning in FILES:
        yield from entry(path, meaning)
    yield from (".SH SEE ALSO", ".BR xelinkd.toml (5),", ".BR systemctl (1),", ".BR journalctl (1)")


def configuration_page() -> Iterator[str]:
    """Give xelinkd.toml(5)."""
    yield from head("xelinkd.toml", 5, "the configuration of xelinkd")
    yield ".SH SYNOPSIS"
    yield macro("I", str(DEFAULT_PATH))
    yield ".SH DESCRIPTION"
    yield from flowing(DEFAULT_HEAD.replace("# ", ""))
    headings = {f"[{name}]": name for name in SECTIONS} | {f"[[{name}]]": name for name in LISTS}
    for heading, name in headings.items():
        yield macro("SH", heading)
        yield from flowing(summary_of(name))
        for key in keys_of(name):
            yield from entry(key.name, key.meaning)
    yield from (".SH SEE ALSO", ".BR xelinkd (8)")


def main(folder: Path) -> None:
    """Write both."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in (("xelinkd.8", program_page()), ("xelinkd.toml.5", configuration_page())):
        (folder / name).write_text("".join(f"{line}\n" for line in page))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
