"""The measures: each takes the rig and gives figures. A new one goes into MEASURES."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks import procfs
from benchmarks.figures import Budget, Figure
from benchmarks.rig import (
    PAGE,
    answers,
    configure,
    environment,
    flags,
    free_port,
    labels_in,
    running,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from benchmarks.rig import Rig

    Samples = Mapping[str, Sequence[float]]

RELOADS_APART: Final = 1.1  # seconds; xelinkd applies at most one change a second
PEER_INTERVAL: Final = 1  # seconds; the flags know no shorter one


class _Memory(NamedTuple):
    """The memory of a tree in MiB: PSS by process, of all what is no file's, and what all would be alone."""

    pss: Mapping[str, float]
    anonymous: float
    alone: float | None


def parse(rig: Rig) -> list[Figure]:
    """Read the page: bytes to topology, in a fresh process for each round."""
    command = rig.run("benchmarks.parse", str(PAGE), str(rig.effort.calls))
    surroundings = environment(rig.references)
    outputs = [
        subprocess.check_output(command, env=surroundings)  # noqa: S603  our own command
        for _ in range(rig.effort.rounds)
    ]
    rounds = [json.loads(output) for output in outputs]
    ours, theirs = (tuple(1e3 * times[who] for times in rounds) for who in ("ours", "theirs"))
    return [Figure("page to topology", "ms", ours, Budget(60, "speed-up"), "prometheus_client", theirs)]


def cycle(rig: Rig) -> list[Figure]:
    """Count the CPU time of steady cycles, by process, and that of bare fetches in the same rhythm."""
    interval = rig.effort.cycle_interval
    fetch = rig.run("benchmarks.bare_fetch", rig.server.url, str(interval))
    ours, bare = [], []
    for _ in range(rig.effort.rounds):
        with _folder(rig) as folder:
            ours.append(_cpu_of_a_cycle(rig, _xelinkd(rig, folder, interval), folder))
            bare.append(_total(_cpu_of_a_cycle(rig, fetch, folder)))
    total = Figure(
        f"steady cycle, CPU (every {interval:g} s)",
        "ms",
        tuple(map(_total, ours)),
        Budget(3, "excess"),
        "bare fetch",
        tuple(bare),
    )
    return [total, *_by_process(ours, "ms")]


def rest(rig: Rig) -> list[Figure]:
    """Count context switches while nothing happens but the interval, then the memory."""
    switches, memory = [], []
    for _ in range(rig.effort.rest_rounds):
        rig.server.forget_requests()
        with _folder(rig) as folder, running(_xelinkd(rig, folder, rig.effort.rest_interval), folder) as pid:
            rig.server.wait_for_requests(rig.effort.rest_cycles)
            time.sleep(rig.effort.rest_interval / 2)  # so as to look between two fetches
            switches.append(_switches_a_second(pid, rig.effort.rest_seconds))
            memory.append(_memory(pid))
    every = f"(every {rig.effort.rest_interval:g} s)"
    return [
        Figure(f"context switches {every}", "/s", tuple(map(_total, switches)), Budget(2)),
        *_by_process(switches, "/s"),
        *_of_memory(f"memory, PSS {every}", memory, Budget(36)),
    ]


def status(rig: Rig) -> list[Figure]:
    """Take the memory of a daemon that serves its status, after it was asked for everything."""
    memory = []
    for _ in range(rig.effort.rest_rounds):
        address = f"127.0.0.1:{free_port()}"
        with _folder(rig) as folder:
            path = configure(rig, folder, rig.effort.rest_interval, status=address)
            with running(rig.run("xelinkd", "run", "--config", str(path)), folder) as pid:
                for asked in ("/", "/metrics", "/readyz"):
                    wait_until(partial(answers, f"http://{address}{asked}"))
                memory.append(_memory(pid))
    return _of_memory("memory with the status, PSS", memory, Budget(40))


def start(rig: Rig) -> list[Figure]:
    """Wait from exec to the first feature file."""
    samples = []
    for _ in range(rig.effort.starts):
        with _folder(rig) as folder:
            samples.append(_seconds_to_labels(_xelinkd(rig, folder, 10), folder))
    return [Figure("start to first label", "s", tuple(samples), Budget(0.5))]


def reload(rig: Rig) -> list[Figure]:
    """Wait from the rename of a new configuration to the labels it asks for."""
    samples = []
    with _folder(rig) as folder, running(_xelinkd(rig, folder, 10), folder):
        wait_until(labels_in(folder).exists)
        for number in range(rig.effort.reloads):
            time.sleep(RELOADS_APART)
            samples.append(_seconds_to_namespace(rig, folder, f"bench-{number}.example.org"))
    return [Figure("configuration change to new labels", "s", tuple(samples), Budget(0.25))]


def peer(rig: Rig) -> list[Figure]:
    """Put another program beside xelinkd, both started with the same flags."""
    if not rig.peer:
        return []
    ours, theirs = (_started_and_cycled(rig, program) for program in (rig.run("xelinkd"), rig.peer))
    name = f"peer ({Path(rig.peer[0]).name})"
    what = {
        "start": ("start to first label", "s"),
        "cycle": (f"steady cycle, CPU (every {PEER_INTERVAL} s)", "ms"),
    }
    return [Figure(*what[key], ours[key], None, name, theirs[key]) for key in what]


MEASURES: Final[Mapping[str, Callable[[Rig], list[Figure]]]] = {
    "parse": parse,
    "cycle": cycle,
    "rest": rest,
    "status": status,
    "start": start,
    "reload": reload,
    "peer": peer,
}


# How each is done once.


@contextmanager
def _folder(rig: Rig) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=rig.folder) as name:
        labels_in(Path(name)).parent.mkdir()
        yield Path(name)


def _xelinkd(rig: Rig, folder: Path, interval: float) -> Sequence[str]:
    return rig.run("xelinkd", "run", "--config", str(configure(rig, folder, interval)))


def _cpu_of_a_cycle(rig: Rig, command: Sequence[str], folder: Path) -> dict[str, float]:
    """Give the milliseconds of CPU that each process of a program has in a cycle."""
    rig.server.forget_requests()
    with running(command, folder) as pid:
        rig.server.wait_for_requests(1 + rig.effort.warm_cycles)
        before = _by_name(pid, procfs.cpu_seconds)
        rig.server.wait_for_requests(rig.effort.cycles)
        after = _by_name(pid, procfs.cpu_seconds)
    return {name: 1e3 * (after[name] - before.get(name, 0)) / rig.effort.cycles for name in after}


def _memory(pid: int) -> _Memory:
    pss = _by_name(pid, procfs.pss_mib)
    anonymous = _total(_by_name(pid, partial(procfs.pss_mib, kind="Pss_Anon")))
    return _Memory(pss, anonymous, procfs.alone_mib(procfs.tree(pid)))


def _of_memory(what: str, rounds: Sequence[_Memory], budget: Budget) -> list[Figure]:
    alone = tuple(each.alone for each in rounds if each.alone is not None)
    return [
        Figure(what, "MiB", tuple(_total(each.pss) for each in rounds), budget),
        *_by_process([each.pss for each in rounds], "MiB"),
        Figure("  anonymous, of all", "MiB", tuple(each.anonymous for each in rounds)),
        *([Figure("  all, were nobody else there", "MiB", alone)] if alone else []),
    ]


def _switches_a_second(pid: int, seconds: float) -> dict[str, float]:
    before, began = _by_name(pid, procfs.context_switches), time.monotonic()
    time.sleep(seconds)
    after, lasted = _by_name(pid, procfs.context_switches), time.monotonic() - began
    return {name: (after[name] - before.get(name, 0)) / lasted for name in after}


def _seconds_to_labels(command: Sequence[str], folder: Path) -> float:
    began = time.monotonic()
    with running(command, folder):
        wait_until(labels_in(folder).exists)
        return time.monotonic() - began


def _seconds_to_namespace(rig: Rig, folder: Path, namespace: str) -> float:
    began = time.monotonic()
    configure(rig, folder, 10, namespace)
    wait_until(lambda: f"\n{namespace}/" in "\n" + labels_in(folder).read_text())
    return time.monotonic() - began


def _started_and_cycled(rig: Rig, program: Sequence[str]) -> dict[str, tuple[float, ...]]:
    samples: dict[str, list[float]] = {"start": [], "cycle": []}
    for _ in range(rig.effort.rounds):
        with _folder(rig) as folder:
            command = (*program, *flags(rig, folder, PEER_INTERVAL))
            samples["start"].append(_seconds_to_labels(command, folder))
            samples["cycle"].append(_total(_cpu_of_a_cycle(rig, command, folder)))
    return {name: tuple(values) for name, values in samples.items()}


def _by_name(pid: int, measure: Callable[[int], float]) -> dict[str, float]:
    """Measure each process of a tree; processes of one name are added up."""
    found: dict[str, float] = {}
    for each, name in procfs.tree(pid).items():
        role = "supervisor" if each == pid else name.removeprefix("xelinkd:")
        found[role] = found.get(role, 0) + measure(each)
    return found


def _by_process(rounds: Sequence[Mapping[str, float]], unit: str) -> list[Figure]:
    return [Figure(f"  {name}", unit, tuple(each.get(name, 0) for each in rounds)) for name in rounds[0]]


def _total(by_name: Mapping[str, float]) -> float:
    return sum(by_name.values())
