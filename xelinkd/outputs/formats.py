"""The formats there are. To add one: its module, and its line here (docs/extending.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xelinkd.outputs import json_document, prometheus, slurm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xelinkd.outputs.format import Format

FORMATS: Final[Mapping[str, Format]] = {
    "slurm": slurm,
    "json": json_document,
    "prometheus": prometheus,
}
