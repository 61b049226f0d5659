"""Prints CHANGELOG.md as a Debian changelog.

Usage: changelog.py VERSION MAINTAINER <CHANGELOG.md.
A version that has no date yet has that of SOURCE_DATE_EPOCH; the first in the list is called VERSION.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
from email.utils import format_datetime
from textwrap import fill
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSION: Final = re.compile(
    r"^## (?P<version>\S+) \((?P<date>[^)]*)\)\n(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL
)


def entries(changelog: str, newest: str, maintainer: str, now: dt.datetime) -> Iterator[str]:
    """Give an entry for each version."""
    for number, found in enumerate(_VERSION.finditer(changelog)):
        version = found["version"] if number else newest
        yield f"xelinkd ({version}) unstable; urgency=medium\n"
        for item in re.split(r"^- ", found["text"], flags=re.MULTILINE)[1:]:
            yield fill(" ".join(item.split()), 78, initial_indent="  * ", subsequent_indent="    ")
        yield f"\n -- {maintainer}  {format_datetime(_date(found['date'], now))}\n"


def _date(text: str, now: dt.datetime) -> dt.datetime:
    try:
        return dt.datetime.combine(dt.date.fromisoformat(text), dt.time(12), dt.UTC)
    except ValueError:  # unreleased
        return now


if __name__ == "__main__":
    made_at = dt.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), dt.UTC)
    print("\n".join(entries(sys.stdin.read(), sys.argv[1], sys.argv[2], made_at)))
