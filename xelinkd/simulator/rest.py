"""The REST server of XPU Manager 1.3's bare-metal package: its topology as JSON, and its door."""

from __future__ import annotations

import base64
import hmac
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from xelinkd.simulator.faults import Answer, Mode
from xelinkd.simulator.machine import Connection, pairs

if TYPE_CHECKING:
    from xelinkd.simulator.machine import Machine, Pair

PATH: Final = "/rest/v1/topology/xelink"
USER: Final = "xpumadmin"
MAX_DOUBLINGS: Final = 8  # 256 s
_MEDIA: Final = "application/json"
_PORTS: Final = 8
_MOST_LANES: Final = 4  # of a port
_BIT_RATE: Final = 53
_NAMES: Final = {
    Connection.SELF: "S",
    Connection.XELINK: "XL",
    Connection.TRANSIT: "XL*",
    Connection.SYS: "SYS",
    Connection.NODE: "NODE",
    Connection.SAME_GPU: "MDF",
}
_CPUS_OF_NUMA_NODE: Final = ("0-55,112-167", "56-111,168-223")


class Door(Struct, frozen=True):
    """Who is let in (None: everybody), and how many logins have failed so far, anybody's.

    `scale` is in seconds: a failed login takes 2^n times that, so much that a test need not wait.
    """

    password: str | None = None
    scale: float = 1.0
    failures: int = 0

    def opens(self, authorization: str) -> bool:
        """Tell whether a header `Authorization` has the user and the password."""
        if self.password is None:
            return True
        expected = "Basic " + base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        return hmac.compare_digest(expected.encode(), authorization.encode())

    def refusing(self) -> tuple[Door, float]:
        """Refuse once: give the door after that, and how many seconds the refusal takes."""
        failures = min(self.failures + 1, MAX_DOUBLINGS)
        return replace(self, failures=failures), self.scale * 2**failures


OPEN: Final = Door()


def topology(machine: Machine, mode: Mode) -> Answer:
    """Answer with the topology, or with the words of a topology call that failed."""
    if mode in {Mode.NO_TOPOLOGY, Mode.NO_DEVICES}:
        error = {"Message": "Fail to get xelink topology.", "Status": 1}
        return Answer(HTTPStatus.BAD_REQUEST, _json(error), _MEDIA)
    return Answer(HTTPStatus.OK, _json([_row(machine, pair) for pair in pairs(machine)]), _MEDIA)


def unauthorized() -> Answer:
    """Turn somebody away."""
    return Answer(HTTPStatus.UNAUTHORIZED, b"Unauthorized Access")


def _row(machine: Machine, pair: Pair) -> dict[str, object]:
    numa_node = machine.numa_node(pair.local.device)
    row: dict[str, object] = {
        "link_type": _NAMES[pair.connection],
        "local_cpu_affinity": _CPUS_OF_NUMA_NODE[numa_node],
        "local_device_id": pair.local.device,
        "local_numa_index": numa_node,
        "local_on_subdevice": machine.tiles_per_gpu > 1,
        "local_subdevice_id": pair.local.subdevice,
        "remote_device_id": pair.remote.device,
        "remote_subdevice_id": pair.remote.subdevice,
    }
    if pair.connection is Connection.XELINK:
        row |= {"max_bit_rate": _BIT_RATE, "port_list": _ports(pair.lanes)}
    return row


def _ports(lanes: int) -> list[int]:
    """Spread lanes over the ports, four at a time."""
    return [min(_MOST_LANES, max(0, lanes - _MOST_LANES * port)) for port in range(_PORTS)]


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"
