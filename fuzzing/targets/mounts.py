"""The kernel's list of mounts, in which users have chosen some of the names."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from fuzzing.target import Target
from xelinkd.watching.mounts import file_system, is_remote, parse

_FIRST: Final = b"22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
_ESCAPED: Final = re.compile(rb"[ \t\n\\#]")


def check(data: bytes) -> None:
    """Mount something at a place of any name, as Linux 6.18 shows it (show_mountinfo)."""
    name, _, rest = data.replace(b"/", b"").partition(b"\0")
    kind, _, source = rest.partition(b"\0")
    if name in {b"", b".", b".."}:
        return
    fields = (_shown(b"/home/me/" + name), b"rw", b"-", b"fuse." + _shown(kind), _shown(source) or b"none")
    mounts = parse(_FIRST + b"23 22 0:40 / " + b" ".join(fields) + b" rw\n" + _FIRST.replace(b"/ /", b"/ /x"))
    point = Path("/home/me") / os.fsdecode(name)
    assert mounts.keys() == {Path("/"), Path("/x"), point}
    assert is_remote(file_system(mounts, point / "below"))
    assert file_system(mounts, Path("/home/me")) == "ext4"


def _shown(name: bytes) -> bytes:
    return _ESCAPED.sub(lambda match: b"\\%03o" % match[0][0], name)


TARGET: Final = Target(
    check,
    seeds=[b"share", b"my share\0sshfs\0host:/", b"-\0-\0-", b"a\nb\rc\\040", b"\xff\0\xff\0\xff"],
    words=[b"\r", b"\n", b"\\040", b"\\", b" - ", b"-", b"\0", b"\x85", b"\x1c", "\u2028".encode(), b" / /"],
    max_size=512,
    full_size=4000,
)
