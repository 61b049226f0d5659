"""What the supervisor tells of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from xelinkd.config.load import load
from xelinkd.config.problems import ConfigError, Problem
from xelinkd.config.small_file import MAX_SIZE
from xelinkd.supervisor.notice import Applied, NoticeBoard, refused
from xelinkd.workers.boards import Boards

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "character"),
    [
        ('[source]\nurl = "http://h/{}"', "a"),
        ('[feature_file]\npath = "/{}"', "a"),
        ("[feature_file]\npath = '''/{}'''", "\n"),
    ],
    ids=["an address", "a path", "a path of many lines"],
)
def test_largest_configuration(tmp_path: Path, text: str, character: str) -> None:
    """However long a value is that the configuration is allowed to have, telling of it ends no supervisor."""
    file = tmp_path / "xelinkd.toml"
    file.write_text(text.format(character * (MAX_SIZE - len(text))))
    boards = Boards()
    NoticeBoard(boards).turn((), Applied(load(file, required=True), 0.0))
    assert boards.supervision.look() is not None


def test_the_same_refusal_counts_once(tmp_path: Path) -> None:
    """A file that cannot be read, and is tried every second, is one refusal for whoever counts them."""
    first, other = (ConfigError([Problem("x.toml", "", message)]) for message in ("unreadable", "empty"))
    once = refused(Applied(load(tmp_path / "none.toml", required=False), 0.0), first)
    assert refused(once, first) is once
    assert refused(once, other).refusals == 2
