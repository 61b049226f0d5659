"""Level Zero Sysman by ctypes: a thin layer over the nine calls that show the fabric ports.

Layouts, numbers and calls: zes_api.h and ze_api.h of Level Zero 1.8 to 1.2x, on 64-bit Linux.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, Array, Structure, byref, c_char, c_int32, c_int64, c_uint8, c_uint32, c_void_p
from typing import TYPE_CHECKING, Any, ClassVar, Final

from xelinkd.model.fabric import Gpu, Port, PortId
from xelinkd.model.unknown import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST: Final = 1024  # handles of one kind that are believed

SUCCESS: Final = 0
INSUFFICIENT_PERMISSIONS: Final = 0x7001_0000
DEPENDENCY_UNAVAILABLE: Final = 0x7002_0000
UNINITIALIZED: Final = 0x7800_0001
UNSUPPORTED_FEATURE: Final = 0x7800_0003
_RESULTS: Final = {
    0x7000_0001: "device lost",
    0x7000_0006: "device requires reset",
    0x7000_0007: "device in low power state",
    INSUFFICIENT_PERMISSIONS: "insufficient permissions",
    0x7001_0001: "not available",
    DEPENDENCY_UNAVAILABLE: "dependency unavailable",
    UNINITIALIZED: "uninitialized",
    0x7800_0002: "unsupported version",
    UNSUPPORTED_FEATURE: "unsupported feature",
    0x7800_0004: "invalid argument",
    0x7FFF_FFFE: "unknown error",
}

_REASONS: Final = {
    INSUFFICIENT_PERMISSIONS: Reason.NO_RIGHTS,
    DEPENDENCY_UNAVAILABLE: Reason.NO_LIBRARY,
}

_GPU: Final = 1  # ze_device_type_t
# zes_fabric_port_status_t; 0 is "not known". XPU Manager counts healthy ports only, no degraded ones.
_HEALTHY, _DEGRADED, _FAILED, _DISABLED = 1, 2, 3, 4
_STATUSES: Final = frozenset({_HEALTHY, _DEGRADED, _FAILED, _DISABLED})


class SysmanError(Exception):
    """The ports cannot be read; `result` is that of the call that failed, if one did."""

    def __init__(self, reason: Reason, detail: str, result: int = SUCCESS) -> None:
        """Keep all three."""
        super().__init__(detail)
        self.reason = reason
        self.result = result


class _Described(Structure):
    """How every structure begins that a call fills in."""

    _fields_: ClassVar[tuple[tuple[str, Any], ...]] = (("stype", c_uint32), ("next", c_void_p))


class _DeviceProperties(_Described):
    """`zes_device_properties_t`, with `ze_device_properties_t` inside; what is not read is left a block."""

    stype_number: Final = 0x1
    core_stype_number: Final = 0x3
    _fields_ = (
        ("core_stype", c_uint32),
        ("core_next", c_void_p),
        ("type", c_uint32),
        ("core_rest", c_uint8 * 348),
        ("subdevices", c_uint32),
        ("texts", c_char * 384),
    )


class _PciProperties(_Described):
    stype_number: Final = 0x2
    _fields_ = (
        ("domain", c_uint32),
        ("bus", c_uint32),
        ("device", c_uint32),
        ("function", c_uint32),
        ("rest", c_uint8 * 24),
    )


class _PortId(Structure):
    _fields_ = (("fabric", c_uint32), ("attach", c_uint32), ("number", c_uint8))


class _Speed(Structure):
    _fields_ = (("bit_rate", c_int64), ("width", c_int32))


class _PortProperties(_Described):
    stype_number: Final = 0x6
    _fields_ = (
        ("model", c_char * 256),
        ("on_subdevice", c_uint8),
        ("subdevice", c_uint32),
        ("id", _PortId),
        ("most_received", _Speed),
        ("most_sent", _Speed),
    )


class _PortConfig(_Described):
    stype_number: Final = 0x18
    _fields_ = (("enabled", c_uint8), ("beaconing", c_uint8))


class _PortState(_Described):
    stype_number: Final = 0x19
    _fields_ = (
        ("status", c_uint32),
        ("quality_issues", c_uint32),
        ("failure_reasons", c_uint32),
        ("remote", _PortId),
        ("received", _Speed),
        ("sent", _Speed),
    )


_COUNT: Final = POINTER(c_uint32)
_HANDLES: Final = POINTER(c_void_p)
_CALLS: Final[dict[str, tuple[Any, ...]]] = {
    "zesInit": (c_uint32,),
    "zesDriverGet": (_COUNT, _HANDLES),
    "zesDeviceGet": (c_void_p, _COUNT, _HANDLES),
    "zesDeviceGetProperties": (c_void_p, POINTER(_DeviceProperties)),
    "zesDevicePciGetProperties": (c_void_p, POINTER(_PciProperties)),
    "zesDeviceEnumFabricPorts": (c_void_p, _COUNT, _HANDLES),
    "zesFabricPortGetProperties": (c_void_p, POINTER(_PortProperties)),
    "zesFabricPortGetConfig": (c_void_p, POINTER(_PortConfig)),
    "zesFabricPortGetState": (c_void_p, POINTER(_PortState)),
}


def read_gpus(library: str) -> Iterator[Gpu]:
    """Read the ports of each GPU that Level Zero shows.

    Raises:
        SysmanError: the library is not there, a call failed, or its answer makes no sense.

    """
    sysman = _Sysman(library)
    sysman.call("zesInit", 0)
    for driver in sysman.handles("zesDriverGet"):
        for device in sysman.handles("zesDeviceGet", driver):
            properties = _DeviceProperties(core_stype=_DeviceProperties.core_stype_number)
            sysman.fill("zesDeviceGetProperties", device, properties)
            if properties.type == _GPU:
                ports = tuple(_port(sysman, port) for port in _ports(sysman, device))
                yield Gpu(_address(sysman, device), properties.subdevices, ports)


class _Sysman:
    """The loaded library, with its calls as they are declared."""

    def __init__(self, library: str) -> None:
        try:
            loaded = ctypes.CDLL(library)
            self._calls = {name: getattr(loaded, name) for name in _CALLS}
        except OSError as error:
            why = error.__cause__ or error  # PyInstaller puts words of its own before those of the linker
            raise SysmanError(Reason.NO_LIBRARY, f"the library of Level Zero is not there: {why}") from None
        except AttributeError as error:
            detail = f"the library of Level Zero is too old, it takes 1.10 or newer: {error}"
            raise SysmanError(Reason.NO_LIBRARY, detail) from None
        for name, call in self._calls.items():
            call.argtypes, call.restype = _CALLS[name], c_uint32

    def call(self, name: str, *arguments: object) -> None:
        """Call, and raise what is not a success."""
        result = self._calls[name](*arguments)
        if result != SUCCESS:
            told = f"{name}: {_RESULTS.get(result, 'error')} ({result:#x})"
            reason = _REASONS.get(result, Reason.DRIVER_ERROR)
            raise SysmanError(reason, told, result)

    def handles(self, name: str, *parent: int) -> list[int]:
        """Have all handles of a kind: how many there are first, then themselves."""
        count = c_uint32(0)
        self.call(name, *parent, byref(count), None)
        if count.value > MOST:
            raise SysmanError(Reason.MALFORMED, f"{name} tells of {count.value}: is this real?")
        found: Array[c_void_p] = (c_void_p * count.value)()
        if count.value:
            self.call(name, *parent, byref(count), found)
        handles = [handle for handle in found[: count.value] if handle]
        if len(handles) != count.value:
            raise SysmanError(Reason.MALFORMED, f"{name} tells of {count.value} and gives {len(handles)}")
        return handles

    def fill(self, name: str, handle: int, structure: Any) -> None:  # noqa: ANN401  one of those above
        """Have a structure filled in."""
        structure.stype = structure.stype_number
        self.call(name, handle, byref(structure))


def _address(sysman: _Sysman, device: int) -> str:
    pci = _PciProperties()
    sysman.fill("zesDevicePciGetProperties", device, pci)
    return f"{pci.domain:04x}:{pci.bus:02x}:{pci.device:02x}.{pci.function:x}"


def _ports(sysman: _Sysman, device: int) -> list[int]:
    """Give the ports of a device; none, where its driver knows no fabric."""
    try:
        return sysman.handles("zesDeviceEnumFabricPorts", device)
    except SysmanError as error:
        if error.result != UNSUPPORTED_FEATURE:
            raise
        return []


def _port(sysman: _Sysman, handle: int) -> Port:
    properties, config, state = _PortProperties(), _PortConfig(), _PortState()
    sysman.fill("zesFabricPortGetProperties", handle, properties)
    sysman.fill("zesFabricPortGetConfig", handle, config)
    sysman.fill("zesFabricPortGetState", handle, state)
    is_up = _is_set(config.enabled) and _status(state) == _HEALTHY
    lanes = min(properties.most_received.width, properties.most_sent.width)
    return Port(
        _id(properties.id),
        _id(state.remote),
        properties.subdevice,
        _is_set(properties.on_subdevice),
        is_up,
        lanes if is_up else max(0, lanes),  # -1 is "not known": of a port that is up, that is an error
    )


def _is_set(flag: int) -> bool:
    if flag not in {0, 1}:
        raise SysmanError(Reason.MALFORMED, f"a flag of a port is {flag}: is this real?")
    return bool(flag)


def _status(state: _PortState) -> int:
    """Give the status of an enabled port, which has to be known: else a link might be taken for none."""
    if state.status not in _STATUSES:
        raise SysmanError(Reason.DRIVER_ERROR, f"the status of an enabled port is not known ({state.status})")
    return int(state.status)


def _id(port: _PortId) -> PortId:
    return PortId(port.fabric, port.attach, port.number)
