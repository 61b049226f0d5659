"""What holds for every label that xelinkd writes and for every sentence that it tells."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xelinkd.model.feature_file import FeatureFile, TooLargeError, read, render
from xelinkd.model.labels import join_value, link_lines, split_value, summary_of
from xelinkd.model.observation import MAX_DETAIL_LENGTH, Unknown, decode, encode
from xelinkd.outputs.format import NotToldError, PlainOptions
from xelinkd.outputs.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xelinkd.model.observation import Observation
    from xelinkd.model.unknown import UnknownPageError
    from xelinkd.outputs.format import Snapshot

# A label's value as Kubernetes 1.30 defines it.
_VALUE: Final = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_MAX_VALUE_LENGTH: Final = 63
_GRES_LINE: Final = re.compile(r"Name=gpu File=/dev/dri/card[0-9]{1,4} Links=-?[0-9]{1,4}(,-?[0-9]{1,4})*")


def labels(lines: Sequence[str], namespace: str) -> None:
    """Hold label lines against the label grammar, and against what readers of them do."""
    links = link_lines(lines)
    names, values = zip(*(line.split("=") for line in links), strict=True)
    numbers = ["", *map(str, range(2, len(links) + 1))]
    assert list(names) == [f"{namespace}/xe-links{number}" for number in numbers]
    assert [*links, *(f"{namespace}/{label}" for label in summary_of(lines))] == list(lines)
    for value in (line.split("=")[1] for line in lines):
        assert len(value) <= _MAX_VALUE_LENGTH, value
        assert _VALUE.fullmatch(value), value
    assert split_value(join_value(values)) == values
    read_back(FeatureFile(tuple(lines), 0))


def outputs(snapshot: Snapshot) -> str:
    """Hold outputs against their grammars, and give them; what is not told makes none."""
    contents = []
    for form in FORMATS.values():
        with suppress(NotToldError):
            contents.append(form.render(snapshot, PlainOptions()))
            assert contents[-1].startswith(form.MARK)
    text = b"".join(contents).decode()
    gpus = [line for line in text.splitlines() if line.startswith("Name=")]
    assert all(_GRES_LINE.fullmatch(line) for line in gpus)
    return text


def read_back(file: FeatureFile) -> None:
    """Hold what is written against what the next writer reads of it; what is too large is not written."""
    with suppress(TooLargeError):
        assert read(render(file)) == file


def told(error: UnknownPageError) -> None:
    """Hold the reason why a source tells nothing against what carries it on."""
    sentence(str(error), MAX_DETAIL_LENGTH)
    carried(Unknown(error.reason, str(error)))


def carried(observation: Observation) -> None:
    """Hold an observation against the writer, which has to take it as it was sent."""
    assert decode(encode(observation)) == observation


def sentence(text: str, max_length: int) -> None:
    """Hold a sentence against terminals, which obey control characters, and against the log's reader."""
    assert text
    assert text.isprintable(), text
    assert len(text) <= max_length, text
