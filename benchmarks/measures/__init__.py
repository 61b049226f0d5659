"""The measures: each takes the rig and gives figures. A new one goes into MEASURES."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks.measures.cycling import changed, steady
from benchmarks.measures.importing import imports
from benchmarks.measures.parsing import parse
from benchmarks.measures.peering import peer
from benchmarks.measures.restarting import crash, reload, start
from benchmarks.measures.resting import peak, rest, status
from benchmarks.measures.sizing import sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.figures import Figure
    from benchmarks.rig import Rig

MEASURES: Final[Mapping[str, Callable[[Rig], list[Figure]]]] = {
    "parse": parse,
    "cycle": steady,
    "changed": changed,
    "rest": rest,
    "status": status,
    "peak": peak,
    "start": start,
    "reload": reload,
    "crash": crash,
    "imports": imports,
    "size": sizes,
    "peer": peer,
}
