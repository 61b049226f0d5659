"""What is read from libFuzzer's words."""

from __future__ import annotations

from fuzzing.outcome import Outcome, read_outcome, table

_WELL = """\
INFO: Seed: 1031746642
#100000	DONE   cov: 64 ft: 141 corp: 14/2000b lim: 1148 exec/s: 50000 rss: 44Mb
Done 100000 runs in 2 second(s)
stat::number_of_executed_units: 100000
stat::peak_rss_mb:              44
"""
_BROKEN = """\

 === Uncaught Python exception: ===
ValueError: '-' is not in list
Traceback (most recent call last):
  File "xelinkd/watching/mounts.py", line 48, in parse
ValueError: '-' is not in list

==878== ERROR: libFuzzer: fuzz target exited
artifact_prefix='/r/.fuzz/mounts-'; Test unit written to /r/.fuzz/mounts-crash-f657
stat::number_of_executed_units: 22
"""
_HUNG = """\
==9== ERROR: libFuzzer: timeout after 60 seconds
artifact_prefix='/r/.fuzz/page-'; Test unit written to /r/.fuzz/page-timeout-0a1b
stat::number_of_executed_units: 7
"""


def test_a_target_that_held() -> None:
    """A run without a fault is told with its number of inputs."""
    assert read_outcome("message", _WELL, 2.0, 0) == Outcome("message", 100_000, 2.0)


def test_a_target_that_broke() -> None:
    """A fault is told by its exception and the file with the input that made it."""
    outcome = Outcome("mounts", 22, 1.0, "ValueError: '-' is not in list", "/r/.fuzz/mounts-crash-f657")
    assert read_outcome("mounts", _BROKEN, 1.0, 77) == outcome


def test_a_target_that_hung() -> None:
    """A reader that never ends is a fault, too."""
    assert read_outcome("page", _HUNG, 60.0, 70) == Outcome(
        "page", 7, 60.0, "exit status 70", "/r/.fuzz/page-timeout-0a1b"
    )


def test_a_fuzzer_that_did_not_start() -> None:
    """What could not be fuzzed does not pass for having held."""
    outcome = read_outcome("page", "ModuleNotFoundError: No module named 'atheris'\n", 0.1, 1)
    assert outcome == Outcome("page", 0, 0.1, "exit status 1")


def test_the_table_adds_up() -> None:
    """Each target has its line, and the last one is for all."""
    rows = [line.split() for line in table([Outcome("a", 1000, 2.0), Outcome("b", 1, 3.0, "E")]).splitlines()]
    assert rows[1:] == [
        ["a", "1,000", "2", "s", "0"],
        ["b", "1", "3", "s", "1"],
        ["all", "1,001", "5", "s", "1"],
    ]
