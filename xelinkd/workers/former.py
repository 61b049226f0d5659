"""Where labels and files of ours may still be that the configuration in force does not name."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  shown in the annotations of what is public
from typing import TYPE_CHECKING, NamedTuple

from xelinkd.config.schema import Output  # noqa: TC001  as above
from xelinkd.config.sinks import SinkSettings  # noqa: TC001  as above

if TYPE_CHECKING:
    from xelinkd.config.schema import Config


class Former(NamedTuple):
    """Settings of sinks, the latest last, and outputs."""

    sinks: tuple[SinkSettings, ...] = ()
    outputs: tuple[Output, ...] = ()

    def paths(self) -> tuple[Path, ...]:
        """Name all files."""
        files = (file for sink in self.sinks for file in sink.files)
        return (*files, *(output.file for output in self.outputs))

    def places(self) -> tuple[str, ...]:
        """Name all, for people."""
        return (*(sink.place for sink in self.sinks), *(str(output.file) for output in self.outputs))


NOTHING_FORMER = Former()


def left_by(former: Former, before: Config, after: Config) -> Former:
    """Add what one configuration named, and drop what its successor names."""
    old, new = before.target, after.target
    left = former.sinks if old.place == new.place else (*former.sinks, old)
    sinks = tuple(sink for sink in left if sink.place != new.place)
    named = {output.file for output in after.outputs}
    outputs = {output.file: output for output in (*former.outputs, *before.outputs)}
    return Former(sinks, tuple(output for file, output in outputs.items() if file not in named))
