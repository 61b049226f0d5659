"""What the supervisor's units are built from: the pipeline (fetcher, pipe, writer), and the watcher."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from multiprocessing import Pipe
from typing import TYPE_CHECKING, Final

from xelinkd import logs
from xelinkd.config.schema import files_of_the_source, referenced_files
from xelinkd.config.sinks import FeatureFile, NodeFeature
from xelinkd.confinement import promises
from xelinkd.model.episodes import Began
from xelinkd.sinks import kinds as sinks
from xelinkd.sinks.sink import FAILURES
from xelinkd.sources import kinds as sources
from xelinkd.supervisor import logins
from xelinkd.supervisor.processes import Job
from xelinkd.supervisor.unit import GRACE, Build, build_of
from xelinkd.workers.fetcher import Start, fetch_topology
from xelinkd.workers.lifeline import ALIVE, CHANGED, LOCKED, OUTDATED, PROGRESS, SETTLED
from xelinkd.workers.outputs import remove_outputs
from xelinkd.workers.remover import remove_labels
from xelinkd.workers.turn import get_turn, lock_of
from xelinkd.workers.watcher import watch_files
from xelinkd.workers.writer import write_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xelinkd.config.load import Loaded
    from xelinkd.config.schema import Config
    from xelinkd.config.sinks import SinkSettings
    from xelinkd.supervisor.logins import Logins
    from xelinkd.workers.boards import Boards
    from xelinkd.workers.former import Former
    from xelinkd.workers.lifeline import Lifeline

log = logs.logger()

OF_THE_FETCHER: Final = frozenset({ALIVE, OUTDATED}) | logins.WORDS
OF_THE_WRITER: Final = frozenset({ALIVE, OUTDATED, PROGRESS, SETTLED, LOCKED})
OF_THE_WATCHER: Final = frozenset({ALIVE, CHANGED})


def pipeline(loaded: Loaded, first_fetch: float, known: Logins, boards: Boards, former: Former) -> Build:
    """Fetch and write as configured; the first fetch not before `first_fetch` (time.monotonic).

    `known` is what earlier fetchers learned of the credentials, `boards` what earlier workers told and knew.
    `former` is where files of ours were under configurations before, and may still be.
    """
    config = loaded.config

    def jobs() -> Sequence[Job]:
        sources.load_what_it_takes(config)
        sinks.load_what_it_takes(config)
        receiving, sending = Pipe(duplex=False)

        def fetch(lifeline: Lifeline) -> None:
            start = Start(max(first_fetch, known.not_before), known.standing)
            fetch_topology(config, lifeline, sending, boards.fetching, start)

        def write(lifeline: Lifeline) -> None:
            write_labels(config, lifeline, receiving, boards, former)

        return (
            Job(
                "fetcher",
                fetch,
                (sending,),
                OF_THE_FETCHER,
                may_be_killed=True,
                promise=partial(promises.of_the_fetcher, config),
                shared=(boards.fetching.fileno(),),
            ),
            Job(
                "writer",
                write,
                (receiving,),
                OF_THE_WRITER,
                may_be_killed=False,
                promise=partial(_promise_of_the_writer, config, former),
                shared=boards.of_the_writer(),
            ),
        )

    return build_of(config, _what_matters(loaded), jobs)


def _what_matters(loaded: Loaded) -> object:
    """Give what makes for another pipeline: how the status is served is none of its business."""
    config = loaded.config
    fingerprints = [loaded.fingerprints[file] for file in files_of_the_source(config)]
    sections = (config.source, config.labels, config.target, config.outputs)
    return sections, config.supervision, config.log, fingerprints


def watcher(loaded: Loaded) -> Build:
    """Watch the configuration file and the files that it names."""
    paths = (loaded.path, *referenced_files(loaded.config))

    def watch(lifeline: Lifeline) -> None:
        watch_files(paths, lifeline)

    def jobs() -> Sequence[Job]:
        promise = promises.of_the_watcher
        return (Job("watcher", watch, (), OF_THE_WATCHER, may_be_killed=True, promise=promise),)

    config = loaded.config
    return build_of(config, (paths, config.log, config.supervision), jobs)


def remover(loaded: Loaded, former: Former) -> Build:
    """Remove labels and outputs, once: where they are, and where they may still be."""
    target = loaded.config.target

    def remove(_lifeline: Lifeline) -> None:
        for settings in former.sinks:
            _remove_ours(settings)
        if _remove_ours(target):
            remove_outputs((*former.outputs, *loaded.config.outputs))

    def jobs() -> Sequence[Job]:
        sinks.load_what_it_takes(loaded.config)
        promise = partial(_promise_of_the_writer, loaded.config, former)
        return (Job("remover", remove, (), frozenset(), may_be_killed=False, promise=promise),)

    return build_of(loaded.config, (), jobs)


def patience(config: Config, former: Former) -> float:
    """Give the seconds within which the remover has to end: over the network it takes some requests."""
    asked = [settings for settings in (config.target, *former.sinks) if isinstance(settings, NodeFeature)]
    return GRACE + sum(float(settings.deadline) for settings in asked)


def _remove_ours(settings: SinkSettings) -> bool:
    """Remove labels; False if another xelinkd keeps them: they are its own."""
    if not get_turn(lock_of(settings), within=0):
        return False
    sink = sinks.sink_of(settings)
    try:
        remove_labels(sink)
    except FAILURES as error:  # what is wrong with one place must not keep labels in the other
        sink.tell_fault(Began(), error)
    return True


def _promise_of_the_writer(config: Config, former: Former) -> promises.Promise:
    """Have the staging folder before the writer is confined: nothing else is to be made beside it."""
    if isinstance(config.target, FeatureFile):
        with suppress(OSError):
            config.target.staging.mkdir(mode=0o755, exist_ok=True)
    return promises.of_the_writer(config, former.sinks, former.paths())
