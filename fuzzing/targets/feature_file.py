"""The feature file, as a predecessor or anybody else may have left it."""

from __future__ import annotations

from typing import Final

from fuzzing import expect
from fuzzing.target import Target
from xelinkd.model import lease
from xelinkd.model.feature_file import MAX_SIZE, FeatureFile, read
from xelinkd.model.labels import pairs_of
from xelinkd.model.lease import Instant, Write

_NOW: Final = Instant(boot=1000.0, wall=1.8e9)
_LEASE: Final = 86_400.0
_LAST_YEAR_END: Final = 253_402_300_800  # seconds of Unix time: a year of five digits


def check(data: bytes) -> None:
    """Adopt the file as a writer does at its start, and write it anew. Larger ones are not read."""
    file = read(data[:MAX_SIZE])
    if file is None:
        return
    expect.labels(file.lines, file.lines[0].partition("/")[0])
    assert all(pair.count("-") == 1 for pair in pairs_of(file.lines))
    if file.expiry is None or 0 <= file.expiry < _LAST_YEAR_END:
        expect.read_back(file)
    _adopt(file)


def _adopt(file: FeatureFile) -> None:
    held = lease.adopt(file, _NOW, _LEASE)
    match lease.plan(held, file, _NOW.offset, _NOW, _LEASE):
        case Write(planned):
            assert planned.expiry is not None
            assert planned.expiry <= _NOW.wall + _LEASE
            expect.read_back(planned)


_STAMP: Final = b"# +expiry-time=2027-01-15T08:00:00Z\n"
_ONE: Final = b"gpu.intel.com/xe-links=0.0-1.0\n"
_FULL: Final = (
    b"gpu.intel.com/xe-links=" + b"_".join(b"%d.0-%d.0" % (n, n + 10) for n in range(10, 16)) + b"_20"
)
_SUMMED: Final = (
    b"gpu.intel.com/xelink-count=1\ngpu.intel.com/xelink-min-lanes=8\n"
    b"gpu.intel.com/xelink-largest-group=2\ngpu.intel.com/xelink-all-linked=true\n"
)
_SECOND: Final = b"\ngpu.intel.com/xe-links2=Z.0-30.0\n"

TARGET: Final = Target(
    check,
    seeds=[
        *(
            b"",
            _ONE,
            _STAMP + _ONE,
            _FULL + _SECOND,
            _STAMP + _ONE + _SUMMED,
            _STAMP + _FULL + _SECOND,
            b"a/xe-links=\n",
        ),
        b"# +expiry-time=9999-12-31T23:59:59-23:59\r\n" + _ONE,
    ],
    words=[
        *(_STAMP, _ONE, _SECOND, b"# +expiry-time=", b"+23:59", b"-23:59", b"0001-01-01T00:00:00"),
        *(
            b"/xe-links",
            b"/xe-links2=Z",
            b"/xelink-count=",
            _SUMMED,
            b"0.0-1.0",
            b"_",
            b"Z",
            b"=",
            b"\n",
            b"\r\n",
            b"\x0c",
            b"\x1c",
        ),
        *(b"kubernetes.io/", b"@", b"9" * 20),
    ],
    full_size=MAX_SIZE,
)
