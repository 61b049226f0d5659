"""Serves a volume to the kernel over /dev/fuse, and fails as it is told: `python -m faults.fuse FOLDER FILE`.

It is a process of its own, mounted for as long as its standard input is open. There it takes orders, one JSON
object a line, and answers each with a line: see `obey`. The layouts are those of linux/fuse.h, protocol 7.31.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import struct
import sys
import threading
import time
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from faults.mounts import mounted
from faults.volume import ROOT, File, Folder, Volume

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_WRITE: Final = 1 << 17
_HEADER: Final = struct.Struct("<IIQQIIII")
_ANSWER: Final = struct.Struct("<IiQ")
_ATTRIBUTES: Final = struct.Struct("<6Q10I")
_SIZE, _MODE = 1 << 3, 1 << 0  # which of a node's attributes are to be set
_DIRECT: Final = 1  # the kernel keeps no copy of the content


class Op(IntEnum):
    """What the kernel asks for."""

    LOOKUP = 1
    FORGET = 2
    GETATTR = 3
    SETATTR = 4
    READLINK = 5
    SYMLINK = 6
    MKDIR = 9
    UNLINK = 10
    RMDIR = 11
    RENAME = 12
    LINK = 13
    OPEN = 14
    READ = 15
    WRITE = 16
    STATFS = 17
    RELEASE = 18
    FSYNC = 20
    FLUSH = 25
    INIT = 26
    OPENDIR = 27
    READDIR = 28
    RELEASEDIR = 29
    FSYNCDIR = 30
    CREATE = 35
    INTERRUPT = 36
    BATCH_FORGET = 42
    RENAME2 = 45


_UNANSWERED: Final = frozenset({Op.FORGET, Op.BATCH_FORGET, Op.INTERRUPT})
_NOTHING_TO_DO: Final = frozenset({Op.FLUSH, Op.RELEASE, Op.RELEASEDIR})
_SYNCS: Final = frozenset({Op.FSYNC, Op.FSYNCDIR})


class Request(NamedTuple):
    """One request: what is asked, of which node, and the rest."""

    op: int
    unique: int
    node: int
    body: bytes

    def name(self, offset: int = 0) -> str:
        """Give the name that the body holds."""
        return os.fsdecode(self.body[offset:].split(b"\0")[0])

    def numbers(self, layout: str, offset: int = 0) -> tuple[int, ...]:
        """Give numbers that the body holds."""
        return struct.unpack_from(f"<{layout}", self.body, offset)


class Server:
    """A volume, what becomes of requests to it, and what a loss of power would have left at each moment."""

    def __init__(self, watched: str) -> None:
        """Hold an empty volume; `watched` names the file whose survival matters."""
        self.volume = Volume()
        self.refused: dict[str, int] = {}  # errno by the name of the operation
        self.sync_takes = 0.0  # seconds
        self.held: frozenset[str] = frozenset()  # operations by their names
        self.go_on = threading.Event()
        self.may_remain: list[frozenset[bytes | None]] = [frozenset({None})]
        self._watched = watched

    def hold(self, operations: frozenset[str]) -> None:
        """Answer none of these from now on, until others (or none) are to be held."""
        self.go_on.set()
        self.go_on, self.held = threading.Event(), operations

    def takes_time(self, request: Request) -> bool:
        """Tell what may not be answered at once."""
        return request.op in _SYNCS or request.op in {Op[name] for name in self.held}

    def answer(self, request: Request) -> bytes:
        """Do what is asked for; OSError says why not."""
        try:
            op = Op(request.op)
        except ValueError:
            raise OSError(errno.ENOSYS, "not needed here") from None
        if op.name in self.refused:
            raise OSError(self.refused[op.name], op.name)
        if op in _SYNCS:
            time.sleep(self.sync_takes)
        go_on = self.go_on
        if op.name in self.held:
            go_on.wait()
        result = b"" if op in _NOTHING_TO_DO else _OPERATIONS[op](self, request)
        remains = self.volume.after_a_loss(self._watched)
        if remains != self.may_remain[-1]:
            self.may_remain.append(remains)
        return result

    # Operations, by their names in Op.

    def init(self, request: Request) -> bytes:
        """Agree on a protocol, without any of its extras."""
        major, _, read_ahead = request.numbers("3I")
        return struct.pack("<4I2H2I2HI7I", major, 31, read_ahead, 0, 16, 12, _MAX_WRITE, 1, 0, 0, *[0] * 8)

    def lookup(self, request: Request) -> bytes:
        """Find a name."""
        return self._entry(self.volume.find(request.node, request.name()))

    def getattr(self, request: Request) -> bytes:
        """Tell of a node."""
        return struct.pack("<QII", 0, 0, 0) + self._attributes(request.node)

    def setattr(self, request: Request) -> bytes:
        """Set size and mode; the rest does not matter here."""
        valid, _, _, size = request.numbers("IIQQ")
        (mode,) = request.numbers("I", 68)
        node = self.volume.nodes[request.node]
        if valid & _SIZE:
            self.volume.resize(request.node, size)
        if valid & _MODE:
            node.mode = stat.S_IFMT(node.mode) | stat.S_IMODE(mode)
        node.changes += 1
        return self.getattr(request)

    def readlink(self, request: Request) -> bytes:
        """Tell where a link leads."""
        return self.volume.file(request.node).content

    def symlink(self, request: Request) -> bytes:
        """Make a link."""
        name, target = request.body.split(b"\0")[:2]
        link = File(stat.S_IFLNK | 0o777, target)
        return self._entry(self.volume.make(request.node, os.fsdecode(name), link))

    def mkdir(self, request: Request) -> bytes:
        """Make a folder."""
        mode, _ = request.numbers("II")
        made = Folder(stat.S_IFDIR | stat.S_IMODE(mode))
        return self._entry(self.volume.make(request.node, request.name(8), made))

    def remove(self, request: Request) -> bytes:
        """Remove a name."""
        self.volume.remove(request.node, request.name())
        return b""

    def rename(self, request: Request) -> bytes:
        """Rename, perhaps into another folder."""
        start = 16 if request.op == Op.RENAME2 else 8
        (folder,) = request.numbers("Q")
        old, new = map(os.fsdecode, request.body[start:].split(b"\0")[:2])
        self.volume.rename(request.node, old, folder, new)
        return b""

    def link(self, request: Request) -> bytes:
        """Give a node a second name."""
        (number,) = request.numbers("Q")
        self.volume.link(number, request.node, request.name(8))
        return self._entry(number)

    def open(self, _request: Request) -> bytes:
        """Open whatever it is."""
        return struct.pack("<QII", 0, _DIRECT, 0)

    def opendir(self, _request: Request) -> bytes:
        """Open a folder."""
        return struct.pack("<QII", 0, 0, 0)

    def create(self, request: Request) -> bytes:
        """Make a file and open it."""
        _, mode = request.numbers("II")
        made = File(stat.S_IFREG | stat.S_IMODE(mode))
        return self._entry(self.volume.make(request.node, request.name(16), made)) + self.open(request)

    def read(self, request: Request) -> bytes:
        """Read from a file."""
        _, offset, size = request.numbers("QQI")
        return self.volume.file(request.node).content[offset : offset + size]

    def write(self, request: Request) -> bytes:
        """Write into a file."""
        _, offset, size = request.numbers("QQI")
        self.volume.write(request.node, offset, request.body[40 : 40 + size])
        return struct.pack("<II", size, 0)

    def readdir(self, request: Request) -> bytes:
        """List a folder, from an offset on."""
        _, offset, size = request.numbers("QQI")
        found = b""
        for place, (name, number) in enumerate(self.volume.folder(request.node).entries.items(), 1):
            data = os.fsencode(name)
            kind = stat.S_IFMT(self.volume.nodes[number].mode) >> 12
            entry = struct.pack("<QQII", number, place, len(data), kind) + data
            entry = entry.ljust(-(-len(entry) // 8) * 8, b"\0")
            if place > offset and len(found) + len(entry) <= size:
                found += entry
        return found

    def statfs(self, _request: Request) -> bytes:
        """Tell of much space."""
        many = 1 << 20
        return struct.pack("<5Q10I", many, many, many, many, many, 4096, 255, 4096, 0, *[0] * 6)

    def fsync(self, request: Request) -> bytes:
        """Make a file's content or a folder's entries last."""
        self.volume.nodes[request.node].sync()
        return b""

    def _entry(self, number: int) -> bytes:
        return struct.pack("<4QII", number, 0, 0, 0, 0, 0) + self._attributes(number)

    def _attributes(self, number: int) -> bytes:
        node = self.volume.nodes[number]
        size = len(node.content) if isinstance(node, File) else 0
        links = sum(
            list(folder.entries.values()).count(number)
            for folder in self.volume.nodes.values()
            if isinstance(folder, Folder)
        )
        changed = node.changes
        return _ATTRIBUTES.pack(
            number,
            size,
            1,
            0,
            changed,
            changed,
            0,
            0,
            0,
            node.mode,
            links or number == ROOT,
            0,
            0,
            0,
            4096,
            0,
        )


_OPERATIONS: Final[dict[Op, Callable[[Server, Request], bytes]]] = {
    Op.INIT: Server.init,
    Op.LOOKUP: Server.lookup,
    Op.GETATTR: Server.getattr,
    Op.SETATTR: Server.setattr,
    Op.READLINK: Server.readlink,
    Op.SYMLINK: Server.symlink,
    Op.MKDIR: Server.mkdir,
    Op.UNLINK: Server.remove,
    Op.RMDIR: Server.remove,
    Op.RENAME: Server.rename,
    Op.RENAME2: Server.rename,
    Op.LINK: Server.link,
    Op.OPEN: Server.open,
    Op.OPENDIR: Server.opendir,
    Op.CREATE: Server.create,
    Op.READ: Server.read,
    Op.WRITE: Server.write,
    Op.READDIR: Server.readdir,
    Op.STATFS: Server.statfs,
    Op.FSYNC: Server.fsync,
    Op.FSYNCDIR: Server.fsync,
}


def serve(server: Server, device: int) -> None:
    """Answer the kernel until the volume is unmounted; what takes its time holds nothing else up."""
    try:
        while True:
            data = os.read(device, _MAX_WRITE + 4096)
            _, op, unique, node, *_ = _HEADER.unpack_from(data)
            request = Request(op, unique, node, data[_HEADER.size :])
            if request.op in _UNANSWERED:
                continue
            if server.takes_time(request):
                threading.Thread(target=_respond, args=(server, device, request), daemon=True).start()
            else:
                _respond(server, device, request)
    except OSError as error:
        if error.errno != errno.ENODEV:
            raise


def _respond(server: Server, device: int, request: Request) -> None:
    try:
        number, result = 0, server.answer(request)
    except OSError as error:
        number, result = -(error.errno or errno.EIO), b""
    os.write(device, _ANSWER.pack(_ANSWER.size + len(result), number, request.unique) + result)


def obey(server: Server, order: dict[str, object]) -> object:
    """Carry out an order.

    `refuse`: errno by operation, from now on. `sync takes`: seconds, from now on. `hold`: operations that are
    not answered until the next such order. `lose power`: forget what was not synced. `tell`: give all that
    a loss of power could have left, moment by moment; null is no file.
    """
    match order:
        case {"refuse": dict(refused)}:
            server.refused = refused
        case {"sync takes": float(seconds)}:
            server.sync_takes = seconds
        case {"hold": list(operations)}:
            server.hold(frozenset(operations))
        case {"lose power": True}:
            server.volume.lose_power()
        case {"tell": True}:
            return [
                [content if content is None else content.decode() for content in moment]
                for moment in server.may_remain
            ]
    return None


def main(folder: Path, watched: str) -> None:
    """Mount, serve and obey until there are no more orders."""
    device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    server = Server(watched)
    options = f"fd={device},rootmode=40755,user_id=0,group_id=0,default_permissions"
    with mounted("fuse.fragile", folder, options):
        threading.Thread(target=serve, args=(server, device), daemon=True).start()
        for line in sys.stdin:
            sys.stdout.write(json.dumps(obey(server, json.loads(line))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
