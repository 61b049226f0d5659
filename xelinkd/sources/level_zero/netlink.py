"""Whether a driver speaks generic netlink here: asked of the kernel by its controller (linux/genetlink.h)."""

from __future__ import annotations

import errno
import socket
import struct
from enum import Enum, auto
from typing import Final

FABRIC: Final = "iaf_ze"
"""The family of the fabric's driver; it is there in the first network namespace only."""

_GENERIC: Final = 16  # NETLINK_GENERIC
_CONTROLLER: Final = 0x10  # GENL_ID_CTRL
_REQUEST: Final = 1  # NLM_F_REQUEST
_ERROR: Final = 2  # NLMSG_ERROR
_GET_FAMILY: Final = 3  # CTRL_CMD_GETFAMILY
_FAMILY_NAME: Final = 2  # CTRL_ATTR_FAMILY_NAME
_HEADER: Final = struct.Struct("=IHHII")
_SECONDS: Final = 1.0
_MAX_ANSWER: Final = 65_536  # bytes


class Family(Enum):
    """What becomes of asking for a family."""

    THERE = auto()
    MISSING = auto()
    REFUSED = auto()  # there is no netlink for us at all


def family(name: str = FABRIC) -> Family:
    """Ask for a family, in the network namespace of this process."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _GENERIC) as sock:
            sock.settimeout(_SECONDS)
            sock.send(_question(name))
            answer = sock.recv(_MAX_ANSWER)
    except OSError:
        return Family.REFUSED
    _, kind, _, _, _ = _HEADER.unpack_from(answer)
    if kind != _ERROR:
        return Family.THERE
    (error,) = struct.unpack_from("=i", answer, _HEADER.size)
    return Family.MISSING if -error == errno.ENOENT else Family.REFUSED


def _question(name: str) -> bytes:
    text = name.encode() + b"\0"
    attribute = struct.pack("=HH", 4 + len(text), _FAMILY_NAME) + text + bytes(-len(text) % 4)
    body = struct.pack("=BBH", _GET_FAMILY, 1, 0) + attribute
    return _HEADER.pack(_HEADER.size + len(body), _CONTROLLER, _REQUEST, 1, 0) + body
