"""Rules that join the keys of `[[outputs]]` with each other and with those of other sections."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from xelinkd.config.keys import path_in_list
from xelinkd.config.schema import MOST_OUTPUTS
from xelinkd.config.sources import KINDS
from xelinkd.config.toml_text import toml_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xelinkd.config.schema import Config, Output

_NOT_OVER_REST: Final = "XPU Manager does not tell the GPUs' files and PCI addresses over REST"


def broken_by_outputs(config: Config) -> Iterator[tuple[str, str]]:
    """Give the path of each key that does not fit to others, and what would be allowed there."""
    for number, output in enumerate(config.outputs, 1):
        for name, allowed in _broken(config, output, config.outputs[: number - 1]):
            yield path_in_list("outputs", number, name), allowed
    if len(config.outputs) > MOST_OUTPUTS:
        yield path_in_list("outputs", MOST_OUTPUTS + 1, "file"), f"at most {MOST_OUTPUTS} outputs"


def _broken(config: Config, output: Output, before: Sequence[Output]) -> Iterator[tuple[str, str]]:
    if output.format == "slurm" and not config.source.uses.tells_cards:
        kinds = " or ".join(toml_value(name) for name, kind in KINDS.items() if kind.tells_cards)
        yield "format", f'another one than "slurm" where source.kind is not {kinds}: {_NOT_OVER_REST}'
    if output.format != "slurm" and output.gpu_type:
        yield "gpu_type", '"" where format is not "slurm"'
    if _plain(output.file.parent) in map(
        _plain, (config.feature_file.path.parent, config.feature_file.staging)
    ):
        yield "file", "a file in another folder than the feature file's, all of which NFD reads as features"
    if _plain(output.file) in [_plain(other.file) for other in before]:
        yield "file", "a file that no other output has"


def _plain(path: Path) -> str:
    """Write a path one way; `normpath` leaves two slashes at its beginning, which Linux takes for one."""
    return os.path.normpath(f"/{str(path).lstrip('/')}")
