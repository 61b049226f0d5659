"""Long inputs, made from short ones."""

from __future__ import annotations

import pytest

from fuzzing.target import MARK, enlarged


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", b"", id="nothing"),
        pytest.param(b"abc", b"abc", id="no mark"),
        pytest.param(b"a" + MARK + b"bc", b"a" + MARK + b"bc", id="one mark"),
        pytest.param(b"a" + MARK + b"bc" + MARK + b"d", b"a" + b"bc" * 10 + b"d", id="a unit"),
        pytest.param(b"a" + MARK + MARK + b"d", b"ad", id="an empty unit"),
        pytest.param(b"{" + MARK + b"l" + MARK + b"=," + MARK + b"}", b"{l0=,l1=,}", id="a numbered unit"),
        pytest.param(MARK * 4, b"01234" + MARK, id="only marks"),
    ],
)
def test_a_unit_is_repeated(data: bytes, expected: bytes) -> None:
    """Few bytes are enough for the fuzzer to find what is too much for a reader."""
    assert enlarged(data, 20) == expected
