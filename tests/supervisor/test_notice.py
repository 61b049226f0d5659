"""What the supervisor tells of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from xelinkd.config.load import load
from xelinkd.config.small_file import MAX_SIZE
from xelinkd.supervisor.notice import Applied, NoticeBoard
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
