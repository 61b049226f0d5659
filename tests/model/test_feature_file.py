"""The feature file's text: what is written is read back, and nothing else is taken for ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import examples

from xelinkd.config.schema import Labels
from xelinkd.model.feature_file import MAX_SIZE, FeatureFile, TooLargeError, read, render, time_stamp
from xelinkd.model.labels import label_lines
from xelinkd.model.topology import Sighting, Tile, Topology

_TILES = st.builds(Tile, st.integers(0, 200), st.integers(0, 12))
_SIGHTINGS = st.builds(Sighting, _TILES, _TILES, st.just(8), st.just(value=True))
_TOPOLOGIES = st.builds(Topology, st.just(()), st.lists(_SIGHTINGS, max_size=60).map(tuple))
_NAMESPACES = st.sampled_from(["gpu.intel.com", "a", "x-1.example.org", "0"])
_LINES = st.builds(
    lambda topology, namespace: label_lines(topology, Labels(namespace=namespace)), _TOPOLOGIES, _NAMESPACES
)
_FILES = st.builds(FeatureFile, _LINES, st.none() | st.integers(0, 2**33))

_ONE = b"gpu.intel.com/xe-links=0.0-1.0\n"
_STAMP = b"# +expiry-time=2026-07-01T00:00:00Z\n"
_FULL = b"gpu.intel.com/xe-links=" + b"_".join(b"%d.0-%d.0" % (n, n + 10) for n in range(10, 16)) + b"_20"
_SECOND = b"\ngpu.intel.com/xe-links2=Z.0-30.0\n"


@given(_FILES)
def test_what_is_written_is_read_back(file: FeatureFile) -> None:
    """A restart finds exactly the labels, and the lease, that were left."""
    assert read(render(file)) == file


def test_the_text_is_as_nfd_wants_it() -> None:
    """The file is the expiry directive, in UTC, and then one label a line."""
    file = FeatureFile(("gpu.intel.com/xe-links=0.0-1.0",), 1_782_864_000)
    assert render(file) == _STAMP + _ONE


@pytest.mark.parametrize(
    ("content", "expiry"),
    [
        pytest.param(_ONE, None, id="no stamp, as the Go program"),
        pytest.param(_STAMP + _ONE, 1_782_864_000, id="a stamp in UTC"),
        pytest.param(
            _STAMP.replace(b"00:00:00Z", b"02:00:00+02:00") + _ONE, 1_782_864_000, id="another zone"
        ),
        pytest.param(b"#+expiry-time=1970-01-01T00:00:01Z\n" + _ONE, 1, id="no blank"),
        pytest.param(_STAMP + _ONE.rstrip(), 1_782_864_000, id="no line feed at the end"),
        pytest.param((_STAMP + _ONE).replace(b"\n", b" \r\n"), 1_782_864_000, id="blanks, which NFD trims"),
    ],
)
def test_both_programs_files_are_ours(content: bytes, expiry: int | None) -> None:
    """What this program or the Go program wrote is recognised, and its stamp understood."""
    assert read(content) == FeatureFile(("gpu.intel.com/xe-links=0.0-1.0",), expiry)


def test_parts_are_ours_together() -> None:
    """Labels in several parts are recognised."""
    file = read(_FULL + _SECOND)
    assert file is not None
    assert len(file.lines) == 2


_FOREIGN = {
    "nothing": b"",
    "only a stamp": _STAMP,
    "a stamp after the label": _ONE + _STAMP,
    "two stamps": _STAMP + _STAMP + _ONE,
    "another comment": b"# by hand\n" + _ONE,
    "another directive": b"# +no-label\n" + _ONE,
    "an empty line": _ONE + b"\n",
    "another label beside ours": _ONE + b"gpu.intel.com/other=1\n",
    "another label": b"gpu.intel.com/xe-link=0.0-1.0\n",
    "no value": b"gpu.intel.com/xe-links\n",
    "a value of other words": b"gpu.intel.com/xe-links=true\n",
    "half a pair": b"gpu.intel.com/xe-links=0.0-1\n",
    "a separator at the end": b"gpu.intel.com/xe-links=0.0-1.0_\n",
    "no namespace": b"xe-links=0.0-1.0\n",
    "a namespace in capitals": b"GPU.intel.com/xe-links=0.0-1.0\n",
    "two namespaces": _FULL + _SECOND.replace(b"intel", b"lenti"),
    "the first part twice": _ONE + _ONE,
    "the second part alone": _SECOND.lstrip(),
    "a part missing": _FULL + _SECOND.replace(b"links2", b"links3"),
    "a first part with a number": _ONE.replace(b"links", b"links1"),
    "a number with a zero": _FULL + _SECOND.replace(b"links2", b"links02"),
    "a number of 5000 digits": _ONE.replace(b"links", b"links" + b"1" * 5000),
    "a part that goes on without Z": _FULL + _SECOND.replace(b"Z", b""),
    "a first part with Z": _ONE.replace(b"=", b"=Z"),
    "parts that are cut elsewhere": _ONE + b"gpu.intel.com/xe-links2=Z_0.0-2.0\n",
    "a value that is too long": _FULL + b".0-30.0\n",
    "not ASCII": _ONE.replace(b"gpu", "gpü".encode()),
    "NUL": _ONE + b"\0",
    "a stamp with a fraction": _STAMP.replace(b"Z", b".5Z") + _ONE,
    "a stamp without a zone": _STAMP.replace(b"Z", b"") + _ONE,
    "a stamp of no day": _STAMP.replace(b"07-01", b"02-30") + _ONE,
    "a stamp of no year": _STAMP.replace(b"2026", b"0000") + _ONE,
    "a stamp of no hour": _STAMP.replace(b"T00", b"T25") + _ONE,
    "a stamp of no zone": _STAMP.replace(b"Z", b"+24:00") + _ONE,
}


@pytest.mark.parametrize("content", _FOREIGN.values(), ids=_FOREIGN)
def test_other_content_is_foreign(content: bytes) -> None:
    """Whatever somebody else put there is never taken over as ours, nor removed."""
    assert read(content) is None


_PIECES = st.sampled_from(
    [
        *(
            _ONE,
            _STAMP,
            _SECOND,
            b"# +expiry-time=",
            b"9999-12-31T23:59:59-23:59",
            b"0001-01-01T00:00:00+23:59",
        ),
        *(
            b"gpu.intel.com/xe-links",
            b"=",
            b"Z",
            b"_",
            b"0.0-1.0",
            b"\n",
            b"2",
            b"1" * 4400,
            b"\x0c",
            b"\xff",
        ),
    ]
)


@examples(400)
@given(st.binary(max_size=100) | st.lists(_PIECES, max_size=12).map(b"".join))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    """Any content is ours, and then stays so when it is written anew, or is foreign."""
    file = read(content)
    if file is not None:
        assert read(render(FeatureFile(file.lines, 0))) == FeatureFile(file.lines, 0)


def test_a_file_that_nfd_would_ignore_is_refused() -> None:
    """Up to 65,536 bytes are written; one more would make NFD drop every label, and says what to do."""
    line = "a" * (MAX_SIZE - 1)
    assert len(render(FeatureFile((line,), None))) == MAX_SIZE
    with pytest.raises(TooLargeError, match=r"raise labels\.min_lanes"):
        render(FeatureFile((line + "a",), None))


def test_a_time_stamp_is_in_utc() -> None:
    """Stamps do not depend on the node's time zone, and are cut to the second, never rounded up."""
    assert time_stamp(1_782_864_000.999) == "2026-07-01T00:00:00Z"


def test_namespace_that_is_too_long_is_not_ours() -> None:
    """A file with a namespace longer than Kubernetes allows was written by somebody else."""
    assert read(b"a" * 253 + b"/xe-links=0.0-1.0\n") is not None
    assert read(b"a" * 254 + b"/xe-links=0.0-1.0\n") is None
