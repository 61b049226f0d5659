"""The JSON object."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from support.any_machine import machines
from support.pages import recorded

from xelinkd.model.page import read_page
from xelinkd.model.topology import Tile, Topology
from xelinkd.outputs.format import PlainOptions, Snapshot
from xelinkd.outputs.json_document import MARK, Document, document, render, schema
from xelinkd.simulator.page import render as page_of

if TYPE_CHECKING:
    from xelinkd.simulator.machine import Machine

SCHEMA = Path(__file__).parents[2] / "docs" / "show-json.schema.json"


def test_object_of_a_real_machine() -> None:
    """Programs find GPUs, tiles, links and labels of two bridged GPUs."""
    snapshot = Snapshot(read_page(recorded("max1100-2x1-bridge")).topology, "no row", ("a/xe-links=",))
    assert json.loads(render(snapshot, PlainOptions())) == {
        "kind": "xelinkd-topology",
        "version": 1,
        "complete": False,
        "gap": "no row",
        "gpus": [
            {"device": 0, "dev_file": "card1", "pci_bdf": "0000:18:00.0"},
            {"device": 1, "dev_file": "card2", "pci_bdf": "0000:29:00.0"},
        ],
        "tiles": ["0.0", "1.0"],
        "links": [{"tiles": ["0.0", "1.0"], "lanes": 8}],
        "labels": ["a/xe-links="],
    }


def test_what_the_source_does_not_tell_is_null() -> None:
    """A GPU of which only the id is known is there, and nothing is made up."""
    (gpu,) = document(Snapshot(Topology((Tile(3, 0),), ()), None, ())).gpus
    assert (gpu.device, gpu.dev_file, gpu.pci_bdf) == (3, None, None)


def test_schema_is_that_of_the_program() -> None:
    """Whoever checks against the schema in the documentation checks against what is written."""
    assert SCHEMA.read_text() == schema()


@given(machines())
def test_object_keeps_to_the_schema(machine: Machine) -> None:
    """Whatever the machine, the object has the fields and types of the schema, and is known as ours."""
    page = read_page(page_of(machine))
    content = render(Snapshot(page.topology, page.gap, ()), PlainOptions())
    assert content.startswith(MARK)
    assert msgspec.json.decode(content, type=Document) == document(Snapshot(page.topology, page.gap, ()))
    assert (
        json.loads(content).keys() == json.loads(SCHEMA.read_text())["$defs"]["Document"]["properties"].keys()
    )


@pytest.mark.parametrize("field", Document.__struct_fields__)
def test_every_field_is_required(field: str) -> None:
    """No program need ask whether a field is there."""
    assert field in json.loads(SCHEMA.read_text())["$defs"]["Document"]["required"]
