"""What a daemon costs while nothing happens but its interval: wake-ups and memory; and memory at its peak."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks import procfs
from benchmarks.figures import Budget, Figure
from benchmarks.pages import NODE, grown, recorded
from benchmarks.rig import answers, free_port, running, wait_until
from benchmarks.trees import by_name, by_process, folder_of, total, xelinkd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.rig import Rig

_MIB: Final = 1 << 20
_LARGEST: Final = 16 * _MIB - 4096  # bytes; source.max_page_mib counts headers, too
_CYCLES_OF_A_PEAK: Final = 3


class _Memory(NamedTuple):
    """The memory of a tree in MiB: PSS by process, of all what is no file's, and what all would be alone."""

    pss: Mapping[str, float]
    anonymous: float
    alone: float | None


def rest(rig: Rig) -> list[Figure]:
    """Count context switches while nothing happens but the interval, then the memory."""
    switches, memory, nothing = [], [], []
    for _ in range(rig.effort.rest_rounds):
        rig.server.forget_requests()
        with (
            folder_of(rig) as folder,
            running(xelinkd(rig, folder, rig.effort.rest_interval), folder) as pid,
        ):
            rig.server.wait_for_requests(rig.effort.rest_cycles)
            time.sleep(rig.effort.rest_interval / 2)  # so as to look between two fetches
            switches.append(_switches_a_second(pid, rig.effort.rest_seconds))
            memory.append(_memory(pid))
        nothing.append(_memory_of_nothing(rig))
    every = f"(every {rig.effort.rest_interval:g} s)"
    return [
        Figure(f"context switches {every}", "/s", tuple(map(total, switches)), Budget(1.5, 0.7)),
        *by_process(switches, "/s"),
        *_of_memory(f"memory, PSS {every}", memory, Budget(32, 28)),
        Figure("memory of python -c pass, PSS", "MiB", tuple(nothing)),
    ]


def status(rig: Rig) -> list[Figure]:
    """Take the memory of a daemon that serves its status, after it was asked for everything."""
    memory = []
    for _ in range(rig.effort.rest_rounds):
        address = f"127.0.0.1:{free_port()}"
        with folder_of(rig) as folder:
            command = xelinkd(rig, folder, rig.effort.rest_interval, status=address)
            with running(command, folder) as pid:
                for asked in ("/", "/metrics", "/readyz"):
                    wait_until(partial(answers, f"http://{address}{asked}"))
                memory.append(_memory(pid))
    return _of_memory("memory with the status, PSS", memory, Budget(40))


def peak(rig: Rig) -> list[Figure]:
    """Take how much more the tree ever had in memory while the largest page that is allowed came in."""
    page, interval = recorded(NODE), rig.effort.cycle_interval
    largest = grown(page, _LARGEST)
    fetch = rig.run("benchmarks.bare_fetch", rig.server.url, str(interval))
    ours, bare = [], []
    for _ in range(rig.effort.rest_rounds):
        with folder_of(rig) as folder:
            ours.append(_above_rest(rig, xelinkd(rig, folder, interval), folder, (page, largest)))
            bare.append(total(_above_rest(rig, fetch, folder, (page, largest))))
    rig.server.serve(page)
    return [
        Figure(
            f"peak above rest, a page of {len(largest) / _MIB:.1f} MiB",
            "MiB",
            tuple(map(total, ours)),
            Budget(round(2 * len(largest) / _MIB, 1), 0.25),
            "bare fetch",
            tuple(bare),
        ),
        *by_process(ours, "MiB"),
    ]


def _above_rest(
    rig: Rig, command: Sequence[str], folder: Path, pages: tuple[bytes, bytes]
) -> dict[str, float]:
    page, largest = pages
    rig.server.serve(page)
    rig.server.forget_requests()
    with running(command, folder) as pid:
        rig.server.wait_for_requests(rig.effort.warm_cycles)
        by_name(pid, procfs.forget_peak)
        before = by_name(pid, procfs.resident_mib)
        rig.server.serve(largest)
        rig.server.forget_requests()
        rig.server.wait_for_requests(_CYCLES_OF_A_PEAK)
        after = by_name(pid, procfs.peak_mib)
    return {name: max(0.0, after[name] - before[name]) for name in after if name in before}


def _memory(pid: int) -> _Memory:
    pss = by_name(pid, procfs.pss_mib)
    anonymous = total(by_name(pid, partial(procfs.pss_mib, kind="Pss_Anon")))
    return _Memory(pss, anonymous, procfs.alone_mib(procfs.tree(pid)))


def _of_memory(what: str, rounds: Sequence[_Memory], budget: Budget) -> list[Figure]:
    alone = tuple(each.alone for each in rounds if each.alone is not None)
    return [
        Figure(what, "MiB", tuple(total(each.pss) for each in rounds), budget),
        *by_process([each.pss for each in rounds], "MiB"),
        Figure("  anonymous, of all", "MiB", tuple(each.anonymous for each in rounds)),
        *([Figure("  all, were nobody else there", "MiB", alone)] if alone else []),
    ]


def _memory_of_nothing(rig: Rig) -> float:
    """Give the memory of a Python that has imported nothing to speak of, and waits."""
    code = "import time; open('ready', 'w').close(); time.sleep(3600)"
    with folder_of(rig) as folder, running((rig.python, "-c", code), folder) as pid:
        wait_until((folder / "ready").exists)
        return procfs.pss_mib(pid)


def _switches_a_second(pid: int, seconds: float) -> dict[str, float]:
    before, began = by_name(pid, procfs.context_switches), time.monotonic()
    time.sleep(seconds)
    after, lasted = by_name(pid, procfs.context_switches), time.monotonic() - began
    return {name: (after[name] - before.get(name, 0)) / lasted for name in after}
