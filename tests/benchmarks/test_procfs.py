"""What the bench reads of the kernel."""

from __future__ import annotations

import os

import pytest

from benchmarks import procfs


@pytest.mark.skipif(os.geteuid() != 0, reason="page frames are told to root only")
def test_memory_of_a_program_alone_has_each_page_once() -> None:
    """A process takes no less alone than beside others, and nothing for being named twice."""
    itself = os.getpid()
    shared, alone = procfs.pss_mib(itself), procfs.alone_mib([itself])
    assert alone is not None
    assert alone > shared / 2  # it grows and shrinks meanwhile
    assert procfs.alone_mib([itself, itself]) == pytest.approx(alone, rel=0.5)
