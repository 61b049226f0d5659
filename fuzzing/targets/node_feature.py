"""What Kubernetes' API server answers: an object, a part of a list, the words of an error."""

from __future__ import annotations

import json
from typing import Final

from fuzzing import expect
from fuzzing.target import Target
from xelinkd.model.feature_file import FeatureFile
from xelinkd.model.node_feature import (
    Identity,
    daemon_set,
    expired,
    is_complete,
    is_marked,
    labels_of,
    read_bare,
    read_object,
    read_page,
    read_status,
    render,
)

_NOW: Final = 1.8e9  # Unix time
_WHO: Final = Identity("node-1", "xelinkd", daemon_set("xelinkd", "uid"))
_LAST_YEAR_END: Final = 253_402_300_800


def check(data: bytes) -> None:
    """Take it for each of them, as the writer, the doctor and the sweeper do."""
    read_status(data)
    read_bare(data)
    page = read_page(data)
    for one in expired(page.items if page else (), _NOW):
        assert is_marked(one)
    found = read_object(data)
    file = labels_of(found) if found else None
    if found is None or file is None:
        return
    is_complete(found, _WHO)
    expect.labels(file.lines, file.lines[0].partition("/")[0])
    if file.expiry is not None and 0 <= file.expiry < _LAST_YEAR_END:
        again = read_object(render(_WHO, file))
        assert again is not None
        assert labels_of(again) == file


_FILE: Final = FeatureFile(("gpu.intel.com/xe-links=0.0-1.0", "gpu.intel.com/xe-links2=Z"), 1_800_000_000)
_OBJECT: Final = render(_WHO, FeatureFile(_FILE.lines[:1], _FILE.expiry))
_LIST: Final = json.dumps({"items": [json.loads(_OBJECT)], "metadata": {"continue": "x"}}).encode()
_STATUS: Final = b'{"kind":"Status","message":"not found","details":{"kind":"nodefeatures"}}'

TARGET: Final = Target(
    check,
    seeds=[b"", b"{}", _OBJECT, _LIST, _STATUS, render(_WHO, _FILE)],
    words=[
        *(b'"metadata":', b'"labels":', b'"annotations":', b'"spec":', b'"items":', b'"continue":'),
        *(b"app.kubernetes.io/managed-by", b"xelinkd/lease-end", b"2027-01-15T08:00:00Z", b"null"),
        *(b"gpu.intel.com/xe-links3", b"gpu.intel.com/xelink-count", b"0.0-1.0_", b"Z", b"[", b"{"),
    ],
    full_size=200_000,
)
