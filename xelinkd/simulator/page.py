"""The `/metrics` page of a machine, as the exporter of XPU Manager 1.3 writes it.

Topology and label sets are exact. Telemetry has fixed values that look right: nobody reads it here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from xelinkd.simulator.machine import Connection, pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xelinkd.simulator.machine import Machine, Pair

Labels = dict[str, str]

TOPOLOGY: Final = "xpum_topology_link"

# 2026-01-01T00:00:00Z, as the exporter's number format has it.
_CREATED: Final = "1.7672256e+09"
_CPUS_OF_NUMA_NODE: Final = ("0-55,112-167", "56-111,168-223")
_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class Row(NamedTuple):
    """One sample: the GPU it is about, the labels beyond that GPU's own, the value as text."""

    gpu: int
    labels: Labels
    value: str


class Family(NamedTuple):
    """A metric; a counter shows as two of them, `…_total` and `…_created`."""

    name: str
    help: str
    rows: Callable[[Machine], Iterator[Row]]
    counter: bool = False


def _gpu_and_tiles(machine: Machine) -> list[Labels]:
    return [{}, *_tiles(machine)]


def _tiles(machine: Machine) -> list[Labels]:
    return [{"sub_dev": str(tile)} for tile in range(machine.tiles_per_gpu)]


def _measured(
    value: str,
    variants: tuple[Labels, ...] = ({},),
    scopes: Callable[[Machine], list[Labels]] = _gpu_and_tiles,
) -> Callable[[Machine], Iterator[Row]]:
    """Make the rows of a measurement: each GPU's scopes times the variants."""

    def rows(machine: Machine) -> Iterator[Row]:
        for gpu in range(machine.gpus):
            for scope in scopes(machine):
                for variant in variants:
                    yield Row(gpu, scope | variant, value)

    return rows


def _variants(label: str, *values: str) -> tuple[Labels, ...]:
    return tuple({label: value} for value in values)


def _xelinks(machine: Machine) -> Iterator[Pair]:
    return (pair for pair in pairs(machine) if pair.connection is Connection.XELINK)


def _fabric(machine: Machine) -> Iterator[Row]:
    for local, remote, *_ in _xelinks(machine):
        to = {
            "dst_dev_file": _card(remote.device),
            "dst_pci_bdf": _pci_address(remote.device),
            "dst_sub_dev": str(remote.subdevice),
        }
        yield Row(local.device, {"sub_dev": str(local.subdevice)} | to, "1.048576e+09")


def _throughput(machine: Machine) -> Iterator[Row]:
    for pair in _xelinks(machine):
        yield Row(pair.local.device, _ends(pair), "11.0")


def _topology(machine: Machine) -> Iterator[Row]:
    for pair in pairs(machine):
        numa_node = machine.numa_node(pair.local.device)
        labels = _ends(pair) | {
            "lane_count": str(pair.lanes),
            "local_cpu_affinity": _CPUS_OF_NUMA_NODE[numa_node],
            "local_numa_index": str(numa_node),
            "local_on_subdevice": "true" if machine.tiles_per_gpu > 1 else "false",
        }
        yield Row(pair.local.device, labels, f"{pair.connection}.0")


def _ends(pair: Pair) -> Labels:
    return {
        "local_device_id": str(pair.local.device),
        "local_subdevice_id": str(pair.local.subdevice),
        "remote_device_id": str(pair.remote.device),
        "remote_subdevice_id": str(pair.remote.subdevice),
    }


def _port_status(machine: Machine) -> Iterator[Row]:
    # Also with a link down: no page with an unhealthy port has been seen yet.
    for gpu in range(machine.gpus):
        yield Row(gpu, {"description": "All ports are healthy.", "device_id": str(gpu)}, "0.0")


_LOCATIONS: Final = _variants("location", "gpu", "mem")
_CORRECTABLE: Final = _variants("type", "correctable", "uncorrectable")
_FREQUENCIES: Final = tuple({"location": "gpu", "type": kind} for kind in ("actual", "request"))
_ENGINE_GROUPS: Final = _variants("type", "3d", "compute", "copy", "media", "render")
_ENGINES: Final = (
    *({"engine_id": str(number), "type": "compute"} for number in range(4)),
    {"engine_id": "10", "type": "render"},
    *({"engine_id": str(number), "type": "copy"} for number in range(20, 28)),
)

# In the order in which the exporter announces them.
_FAMILIES: Final = (
    Family("xpum_engine_ratio", "Busy share of all engines", _measured("0.25")),
    Family("xpum_eu_active_ratio", "Share of time in which the EUs computed", _measured("0.2")),
    Family("xpum_eu_stall_ratio", "Share of time in which the EUs waited", _measured("0.05")),
    Family("xpum_eu_idle_ratio", "Share of time in which the EUs did nothing", _measured("0.75")),
    Family("xpum_power_watts", "Power", _measured("118.5")),
    Family("xpum_energy_joules", "Energy", _measured("179540.625"), counter=True),
    Family("xpum_frequency_mhz", "Clock", _measured("1600.0", _FREQUENCIES)),
    Family("xpum_temperature_celsius", "Temperature", _measured("36.5", _LOCATIONS)),
    Family("xpum_max_temperature_celsius", "Highest temperature", _measured("48.0", _LOCATIONS)),
    Family("xpum_memory_used_bytes", "Memory in use", _measured("4.294967296e+09")),
    Family("xpum_memory_ratio", "Share of the memory in use", _measured("0.0625")),
    Family("xpum_memory_bandwidth_ratio", "Share of the memory's bandwidth in use", _measured("0.125")),
    Family("xpum_memory_read_bytes", "Read from memory", _measured("3.3554432e+07"), counter=True),
    Family("xpum_memory_write_bytes", "Written to memory", _measured("1.6777216e+07"), counter=True),
    Family("xpum_engine_group_ratio", "Busy share of a kind of engine", _measured("0.25", _ENGINE_GROUPS)),
    Family("xpum_resets", "Resets", _measured("0.0"), counter=True),
    Family("xpum_programming_errors", "Programming errors", _measured("0.0"), counter=True),
    Family("xpum_driver_errors", "Driver errors", _measured("0.0"), counter=True),
    Family("xpum_cache_errors", "Cache errors", _measured("0.0", _CORRECTABLE), counter=True),
    Family("xpum_non_compute_errors", "Other errors", _measured("0.0", _CORRECTABLE), counter=True),
    Family("xpum_pcie_read_bytes", "Read over PCIe", _measured("8.388608e+06"), counter=True),
    Family("xpum_pcie_write_bytes", "Written over PCIe", _measured("4.194304e+06"), counter=True),
    Family("xpum_per_engine_ratio", "Busy share of one engine", _measured("0.25", _ENGINES, _tiles)),
    Family("xpum_fabric_tx_bytes", "Sent over XeLink", _fabric, counter=True),
    Family("xpum_xelink_throughput", "Traffic over XeLink", _throughput),
    Family(TOPOLOGY, "How two tiles are joined", _topology),
    Family("xpum_xelink_port_status", "Health of the XeLink ports", _port_status),
)


@lru_cache(maxsize=8)
def render(machine: Machine, *, topology: bool = True) -> bytes:
    """Give the page: all comments, then all samples sorted as text, no newline at its end.

    Without `topology` it is the page of an XPU Manager whose topology call failed: that family is absent.
    """
    own = [_own_labels(machine, gpu) for gpu in range(machine.gpus)]
    comments: list[str] = []
    samples: list[str] = []
    for family in _FAMILIES:
        rows = list(family.rows(machine)) if topology or family.name != TOPOLOGY else []
        for name, kind, value in _metrics(family) if rows else ():
            comments += (f"# HELP {name} {family.help}", f"# TYPE {name} {kind}")
            samples += (_sample(name, own[row.gpu] | row.labels, value or row.value) for row in rows)
    return "\n".join((*comments, *sorted(samples))).encode()


def _metrics(family: Family) -> tuple[tuple[str, str, str | None], ...]:
    """Give name, type, and the value if it is the same in all rows."""
    if not family.counter:
        return ((family.name, "gauge", None),)
    return ((f"{family.name}_total", "counter", None), (f"{family.name}_created", "gauge", _CREATED))


def _sample(name: str, labels: Labels, value: str) -> str:
    text = ",".join(f'{label}="{labels[label]}"' for label in sorted(labels))
    return f"{name}{{{text}}} {value}"


def _own_labels(machine: Machine, gpu: int) -> Labels:
    """Give the labels that stand on every line of a GPU."""
    labels = {
        "dev_file": _card(gpu),
        "dev_name": machine.model.name,
        "pci_bdf": _pci_address(gpu),
        "pci_dev": machine.model.pci_id,
        "src": "direct",
        "uuid": f"01000000-0000-0000-0000-{_pci_bus(gpu):08x}0000",
        "vendor": "Intel(R) Corporation",
    }
    labels |= {} if machine.node is None else {"node": machine.node}
    for pod in machine.pods:
        if pod.gpu == gpu:
            labels |= {"kube_pod": pod.name, "kube_namespace": pod.namespace, "kube_container": pod.container}
    return {label: value.translate(_ESCAPES) for label, value in labels.items()}


def _card(gpu: int) -> str:
    return f"card{gpu + 1}"


def _pci_bus(gpu: int) -> int:
    """Give a GPU's bus, domains counted through: what does not fit into one domain goes into the next."""
    return 0x18 + 0x11 * gpu


def _pci_address(gpu: int) -> str:
    domain, bus = divmod(_pci_bus(gpu), 0x100)
    return f"{domain:04x}:{bus:02x}:00.0"
