"""A page of metrics, read as Prometheus' own client reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from prometheus_client.parser import text_string_to_metric_families
from support.states import FETCHING, GOOD, KEEPING, LINKED, SUPERVISION, changed, replace, topology

from xelinkd.model.unknown import Reason
from xelinkd.state.figures import Figures
from xelinkd.state.history import History, Kind, noted, seen
from xelinkd.state.told import Ended, Ignorance, Process, UnitState
from xelinkd.views.metrics.metrics import render

if TYPE_CHECKING:
    from prometheus_client import Metric

    from xelinkd.state.told import State

PROCESSES: Final = ("supervisor", "fetcher", "writer", "watcher", "status", "remover")
FIGURES: Final = {name: Figures(1.5, 30_000_000, 9) for name in PROCESSES}


def families(state: State, figures: dict[str, Figures] | None = None) -> dict[str, Metric]:
    """Give the families of a state's page by their full names, those without samples included."""
    page = render(state, FIGURES if figures is None else figures).decode()
    return {_full_name(family): family for family in text_string_to_metric_families(page)}


def _full_name(family: Metric) -> str:
    return family.name + ("_total" if family.type == "counter" else "")


def value(state: State, name: str, **labels: str) -> float | None:
    """Give the value of one sample; None if there is none."""
    samples = [sample for family in families(state).values() for sample in family.samples]
    found = [sample.value for sample in samples if sample.name == name and sample.labels == labels]
    return found[0] if found else None


def names_in(text: str) -> set[str]:
    """Give the names of our metrics in expressions, as families have them."""
    found = set(re.findall(r"(?<![\w:/.])xelinkd_\w+", text))
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in found}


def _history() -> History:
    """Give a history in which everything happened that can."""
    history = seen(seen(History(LINKED), topology([(0, 1)]), 9_000.0), LINKED, 9_100.0)
    for kind in Kind:
        history = noted(history, kind, 9_200.0)
    return history


# As many series as there can be: known and unknown cannot be at the same time.
BUSY: Final = replace(
    GOOD,
    history=_history(),
    supervision=changed(
        SUPERVISION,
        processes=tuple(Process(name, 100 + n, 4_000.0) for n, name in enumerate(PROCESSES)),
        units=tuple(
            UnitState(name, "running", 2, is_failing=True) for name in ("pipeline", "watcher", "status")
        ),
        ended=tuple(
            Ended(worker, cause, 3, 9_000.0)
            for worker in PROCESSES[1:]
            for cause in ("SIGKILL", "SIGSEGV", "exit status 1", "exit status 70")
        ),
    ),
)
UNKNOWN: Final = replace(
    BUSY,
    fetching=changed(FETCHING, unknown={Reason.REFUSED: 3}),
    keeping=changed(KEEPING, ignorance=Ignorance(Reason.REFUSED, "nothing listens", 9_000.0)),
)
