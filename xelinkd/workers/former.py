"""Where files of ours may still be that the configuration in force does not name."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  shown in the annotations of what is public
from typing import TYPE_CHECKING, NamedTuple

from xelinkd.config.schema import Output  # noqa: TC001  as above

if TYPE_CHECKING:
    from xelinkd.config.schema import Config


class Former(NamedTuple):
    """Feature files, the latest last, and outputs."""

    files: tuple[Path, ...] = ()
    outputs: tuple[Output, ...] = ()

    def paths(self) -> tuple[Path, ...]:
        """Name all files."""
        return (*self.files, *(output.file for output in self.outputs))


NOTHING_FORMER = Former()


def left_by(former: Former, before: Config, after: Config) -> Former:
    """Add what one configuration named, and drop what its successor names."""
    old, new = before.feature_file.path, after.feature_file.path
    files = former.files if old == new else tuple(path for path in (*former.files, old) if path != new)
    named = {output.file for output in after.outputs}
    outputs = {output.file: output for output in (*former.outputs, *before.outputs)}
    return Former(files, tuple(output for file, output in outputs.items() if file not in named))
