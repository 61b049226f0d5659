"""The page's sections about the daemon: checks, processes, configuration, confinement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.model.words import count
from xelinkd.state.checks import live, passed, ready
from xelinkd.views.html import Markup, tag, together
from xelinkd.views.page.parts import code, facts, mark, moment, section, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.state.checks import Check
    from xelinkd.state.told import Configuration, State, UnitState


def checks(state: State) -> Markup:
    """Show what the probes look at."""
    groups = (("Live", "livez?verbose", live(state)), ("Ready", "readyz?verbose", ready(state)))
    return section("checks", "Checks", tag("div", *(_group(*group) for group in groups), class_="groups"))


def _group(name: str, address: str, looked_at: tuple[Check, ...]) -> Markup:
    verdict = "passes" if passed(looked_at) else "fails"
    heading = tag("h3", tag("a", name, href=address), f": {verdict}")
    return tag("div", heading, tag("ul", *map(_check, looked_at), class_="checks"))


def _check(check: Check) -> Markup:
    return tag("li", mark(good=check.passed), tag("b", check.name), f": {check.detail}")


def processes(state: State) -> Markup:
    """Show the tree of processes, and what became of earlier ones."""
    running = (
        (process.name, str(process.pid), moment(state, process.since))
        for process in state.supervision.processes
    )
    units = ((unit.name, unit.phase, _failures(unit)) for unit in state.supervision.units)
    return section(
        "processes",
        "Processes",
        table("Processes", ("process", "process id", "started"), running),
        table("Units", ("unit", "phase", "failures"), units),
        _ended(state),
    )


def _failures(unit: UnitState) -> str:
    if not unit.failures:
        return "none"
    return f"{unit.failures} in a row" + ("" if unit.is_failing else ", works again")


def _ended(state: State) -> Markup:
    ended = state.supervision.ended
    if not ended:
        return tag("p", "No worker has ended by itself.", class_="soft")
    rows = ((one.worker, one.cause, str(one.times), moment(state, one.last_at)) for one in ended)
    return table("Workers that ended by themselves", ("ended by itself", "cause", "times", "last"), rows)


def configuration(state: State) -> Markup:
    """Show what is configured, and what is wrong with what cannot be."""
    given = state.supervision.configuration
    rows = ((code(one.key), code(one.value), one.origin) for one in given.settings)
    settings = table("Configuration in force", ("key", "value", "from"), rows)
    return section("configuration", "Configuration", _refused(given), facts(_told(state, given)), settings)


def _refused(given: Configuration) -> Markup:
    if not given.problems:
        return Markup()
    words = "What the file says now cannot be used; the configuration below stays in force:"
    problems = tag("ul", *(tag("li", problem) for problem in given.problems))
    return tag("div", tag("p", mark(good=False), tag("b", words)), problems, class_="refused")


def _told(state: State, given: Configuration) -> Iterator[tuple[str, str]]:
    yield "file", code(given.path)
    yield "in force since", moment(state, given.applied_at)
    yield "read again", f"{count(given.reloads, 'time')}, refused {count(given.refusals, 'time')}"
    yield "digest", code(given.digest)


def confinement(state: State) -> Markup:
    """Show what the kernel holds the workers to."""
    supervision = state.supervision
    abi = f"ABI {supervision.landlock_abi}" if supervision.landlock_abi else "not to be had"
    lacking = ", ".join(supervision.lacking) or "nothing"
    pairs = (("Landlock", abi), ("not held by this kernel", lacking))
    return section("confinement", "Confinement", facts(pairs))


def footer(state: State) -> Markup:
    """Say which program this is, and since when it runs."""
    started = moment(state, state.supervision.started_at)
    metrics = tag("a", "metrics", href="metrics")
    return tag(
        "footer",
        tag("p", together((f"xelinkd {state.supervision.version}, started ", started, ". ", metrics))),
    )
