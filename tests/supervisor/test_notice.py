"""What the supervisor tells of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from xelinkd.config.load import MAX_CONFIG_SIZE, load
from xelinkd.config.problems import ConfigError, Problem
from xelinkd.supervisor.notice import Applied, NoticeBoard, refused
from xelinkd.workers.boards import Boards

if TYPE_CHECKING:
    from pathlib import Path


USER = '[source]\nurl = "https://h/"\npassword_file = "/p"\nuser = "{}"'
LINES = "\n" * 4000
OUTPUTS = "".join(f"[[outputs]]\nformat = 'json'\nfile = '''/{number}{LINES}'''\n" for number in range(16))


@pytest.mark.parametrize(
    "text",
    [USER.format("a" * (MAX_CONFIG_SIZE - len(USER))), OUTPUTS],
    ids=["a user", "paths of many lines"],
)
def test_largest_configuration(tmp_path: Path, text: str) -> None:
    """However much there is in a configuration that is allowed, telling of it ends no supervisor."""
    file = tmp_path / "xelinkd.toml"
    file.write_text(text)
    boards = Boards()
    NoticeBoard(boards).turn((), Applied(load(file, required=True), 0.0))
    assert boards.supervision.look() is not None


def test_the_same_refusal_counts_once(tmp_path: Path) -> None:
    """A file that cannot be read, and is tried every second, is one refusal for whoever counts them."""
    first, other = (ConfigError([Problem("x.toml", "", message)]) for message in ("unreadable", "empty"))
    once = refused(Applied(load(tmp_path / "none.toml", required=False), 0.0), first)
    assert refused(once, first) is once
    assert refused(once, other).refusals == 2
