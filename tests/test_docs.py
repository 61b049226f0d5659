"""The documentation, held against the program."""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any, NamedTuple

from support.daemon import xelinkd
from support.pages import recorded
from support.states import GOOD

from xelinkd.config.decode import decode
from xelinkd.config.load import load
from xelinkd.config.schema import Labels
from xelinkd.model.labels import label_lines, summary_of
from xelinkd.model.page import read_page
from xelinkd.model.summary import NAMES
from xelinkd.model.unknown import Reason
from xelinkd.outputs.format import PlainOptions, Snapshot
from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.page import render
from xelinkd.state.checks import live, ready
from xelinkd.workers.status import routes

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
LEVELS = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "error": "error",
    "exception": "error",
}


class Use(NamedTuple):
    """One place where an event is logged; `open_ended` if fields come from elsewhere, too."""

    event: str
    levels: frozenset[str]
    fields: frozenset[str]
    open_ended: bool


@cache
def uses() -> list[Use]:
    """Find every place in the program where an event is logged."""
    sources = [path.read_text() for path in sorted((ROOT / "xelinkd").rglob("*.py"))]
    return [use for source in sources for use in uses_in(ast.parse(source))]


def uses_in(tree: ast.Module) -> Iterator[Use]:
    """Find the calls of `log.<level>("event")`, of a name for that, and of `tell(fault=..., over=...)`."""
    names = dict(names_for_levels(tree))
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            yield from uses_by_telling(call)
            yield from uses_by_logging(call, names)


def uses_by_telling(call: ast.Call) -> Iterator[Use]:
    """Take a fault and its end, as `telling` logs them."""
    given = {word.arg: word.value for word in call.keywords}
    if {"fault", "over"} <= given.keys():
        _log, _news, *which = call.args
        about = names_in(which[0]) if which else frozenset()
        fields = fields_of(call) - {"fault", "over"} | about | {"lasting_seconds"}
        yield Use(text(given["fault"]), frozenset({"warning"}), fields, open_ended=None in given)
        yield Use(text(given["over"]), frozenset({"info"}), about | {"lasted_seconds"}, open_ended=False)


def uses_by_logging(call: ast.Call, names: dict[str, frozenset[str]]) -> Iterator[Use]:
    """Take an event that is named where it is logged."""
    levels = levels_of(call.func, names)
    if levels and call.args and isinstance(call.args[0], ast.Constant):
        extra = {"exception"} if ast.unparse(call.func) == "log.exception" else set()
        open_ended = any(word.arg is None for word in call.keywords)
        yield Use(text(call.args[0]), levels, fields_of(call) | extra, open_ended)


def fields_of(call: ast.Call) -> frozenset[str]:
    """Give the fields that a call names."""
    return frozenset(word.arg for word in call.keywords if word.arg)


def names_for_levels(tree: ast.Module) -> Iterator[tuple[str, frozenset[str]]]:
    """Find names that stand for one of several levels: `tell = log.debug if ... else log.error`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.IfExp):
            levels = levels_of(node.value.body, {}) | levels_of(node.value.orelse, {})
            yield ast.unparse(node.targets[0]), levels


def levels_of(function: ast.expr, names: dict[str, frozenset[str]]) -> frozenset[str]:
    """Give the levels at which a call logs; none if it does not log."""
    if isinstance(function, ast.Attribute) and ast.unparse(function.value) == "log":
        return frozenset({LEVELS[function.attr]})
    return names.get(ast.unparse(function), frozenset())


def names_in(node: ast.expr) -> frozenset[str]:
    """Give the names of fields that are written down as a dictionary."""
    assert isinstance(node, ast.Dict), ast.unparse(node)
    return frozenset(text(key) for key in node.keys if key)


def text(node: ast.expr) -> str:
    """Give a literal text."""
    assert isinstance(node, ast.Constant), ast.unparse(node)
    return str(node.value)


class Row(NamedTuple):
    """One row of the table of events."""

    levels: set[str]
    processes: set[str]
    fields: set[str]
    meaning: str
    advice: str


def table() -> dict[str, Row]:
    """Read the table of events."""
    section = (ROOT / "docs" / "logging.md").read_text().partition("## Events")[2].partition("## ")[0]
    rows = [line.strip("| ").split("|") for line in section.splitlines() if line.startswith("| `")]
    events = [name.strip(" `") for name, *_ in rows]
    assert len(set(events)) == len(events)
    return {name.strip(" `"): row(*cells) for name, *cells in rows}


def row(levels: str, processes: str, fields: str, meaning: str, advice: str) -> Row:
    """Read a row."""
    return Row(words(levels), words(processes), words(fields), meaning.strip(), advice.strip())


def words(cell: str) -> set[str]:
    """Give the words of a cell."""
    return set(re.findall(r"\w+", cell))


def test_every_event_is_documented() -> None:
    """Whoever finds an event in the logs finds it in the table, and the table holds no others."""
    assert {use.event for use in uses()} == table().keys()


def test_levels_are_as_documented() -> None:
    """An alert on a level can rely on the table."""
    levels: dict[str, set[str]] = defaultdict(set)
    for use in uses():
        levels[use.event] |= use.levels
    assert dict(levels) == {event: row.levels for event, row in table().items()}


def test_fields_are_as_documented() -> None:
    """A query on a field can rely on the table."""
    documented = table()
    for use in uses():
        assert use.fields <= documented[use.event].fields, use.event
    for event, row in documented.items():
        of_event = [use for use in uses() if use.event == event]
        known = frozenset().union(*(use.fields for use in of_event))
        assert row.fields == known or any(use.open_ended for use in of_event), event


def test_every_event_has_a_meaning_and_an_advice() -> None:
    """No row leaves its reader alone."""
    processes = {"supervisor", "fetcher", "writer", "watcher", "status", "remover", "once", "clear"}
    for event, row in table().items():
        assert row.meaning.endswith("."), event
        assert row.advice.endswith((".", "?")), event
        assert row.processes, event
        assert row.processes <= processes, event


def test_every_reason_is_documented() -> None:
    """Whoever finds the reason of an unknown topology finds what it means."""
    section = (ROOT / "docs" / "logging.md").read_text().partition("## Reasons")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(Reason)


def test_example_of_show_json_is_real() -> None:
    """The example in the description of the JSON is what the program prints."""
    page = (ROOT / "docs" / "show-json.md").read_text()
    example = page.partition("page.prom\n")[2].partition("```")[0]
    arguments = ("show", "--format", "json", "-allow-subdeviceless-links", "-")
    done = xelinkd(*arguments, stdin=recorded("max1100-2x1-bridge"))
    assert done.stdout == example


def test_fields_of_show_json_are_all_described() -> None:
    """Whoever reads the JSON finds every field in its description."""
    described = set(re.findall(r"^\| `(.+?)` \|", (ROOT / "docs" / "show-json.md").read_text(), re.MULTILINE))
    shown = json.loads(xelinkd("show", "--format=json", "-", stdin=recorded("max1550-4x2-mesh")).stdout)
    inner = {f"{each}[].{name}" for each in ("links", "gpus") for name in shown[each][0]}
    assert described == shown.keys() | inner


STATUS = (ROOT / "docs" / "status.md").read_text()


def test_every_path_of_the_status_is_documented() -> None:
    """Whoever wonders what a running xelinkd serves finds it all."""
    assert set(re.findall(r"^\| `(/\S*)` \|", STATUS, re.MULTILINE)) == routes(lambda: None).keys()


def test_example_of_serving_the_status_is_right(tmp_path: Path) -> None:
    """The configuration that lets others in can be taken as it is."""
    path = tmp_path / "xelinkd.toml"
    path.write_text(STATUS.partition("```toml\n")[2].partition("```")[0])
    assert load(path, required=True).config.status.token_file


def test_what_machines_get_is_true() -> None:
    """Whoever plans with the summary of a platform finds it on a node."""
    text = (ROOT / "docs" / "labels.md").read_text()
    rows = re.findall(r"^\| `(\d.*?)` \| `(\w+)` \| (.*) \|$", text, re.MULTILINE)
    assert len(rows) == 7
    for machine, subdeviceless, values in rows:
        rules = Labels(allow_subdeviceless=subdeviceless == "true", summary=True)
        lines = label_lines(read_page(render(parse_machine(machine))).topology, rules)
        told = dict(label.split("=") for label in summary_of(lines))
        assert [told.get(name, "") for name in NAMES] == [value.strip() for value in values.split("|")], (
            machine
        )


def test_the_pod_asks_for_labels_that_there_are() -> None:
    """The example is not pending for ever for a name that is spelt in another way."""
    pod = (ROOT / "deployments" / "examples" / "pod-4-gpus-fully-linked.yaml").read_text()
    asked = re.findall(r"key: gpu\.intel\.com/([\w-]+)", pod)
    assert asked == ["xelink-all-linked", "xelink-largest-group"]
    assert set(asked) < set(NAMES)


def test_links_between_documents_lead_somewhere() -> None:
    """Nobody who follows a link in a document stands before nothing."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deployments/**/*.md")]
    links = [
        (page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    ]
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


def test_every_check_of_a_probe_is_documented() -> None:
    """Whoever sees a check fail finds what that means."""
    named = re.findall(r"^\| (?:`\w+`)? ?\| `([\w-]+)` \|", STATUS, re.MULTILINE)
    assert named == [check.name for check in (*live(GOOD), *ready(GOOD))]


def test_configuration_in_the_guide_is_right() -> None:
    """What the guide to REST has people copy is taken as it is, and asks what the guide says."""
    guide = (ROOT / "docs" / "xpu-manager-rest.md").read_text()
    (block,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    source = decode(dedent(block).encode(), where="guide").config.source
    assert source.urls == ("https://127.0.0.1:30000/rest/v1/topology/xelink",)
    assert source.pin_file == "/etc/xelinkd/xpum.pem"
    assert f"`xelinkd trust --write {source.pin_file}`" in guide.replace("sudo ", "")


def test_lines_for_slurm_are_real() -> None:
    """What the guide to Slurm shows is what the program prints."""
    guide = dedent(
        (ROOT / "docs" / "slurm.md").read_text().partition("--format slurm\n")[2].partition("```")[0]
    )
    done = xelinkd("show", "--format", "slurm", "-", stdin=recorded("max1550-4x2-mesh"))
    assert guide == done.stdout


def test_outputs_in_the_guides_are_right() -> None:
    """What the guides to outputs have people copy is taken as it is."""
    for page in ("outputs.md", "slurm.md"):
        (block,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)
        assert decode(dedent(block).encode(), where=page).config.outputs[0].gpu_type == "max1550"


def test_example_of_an_output_works() -> None:
    """The module with which the guide adds a format gives what it says."""
    block, *_ = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "extending.md").read_text(), re.DOTALL)
    module: dict[str, Any] = {}
    exec(block, module)  # noqa: S102  the documentation's own
    snapshot = Snapshot(read_page(recorded("max1100-2x1-bridge")).topology, None, ())
    assert module["render"](snapshot, PlainOptions()) == b"# Written by xelinkd\n0.0,1.0,8\n"
