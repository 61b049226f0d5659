"""What the fuzzer takes for a fault: its targets would tell if there were one."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from fuzzing import expect
from fuzzing.seeds import ROOT

_FULL = "a.b/xe-links=" + "_".join(f"{n}.0-{n + 10}.0" for n in range(10, 16)) + "_20"


@pytest.mark.parametrize(
    "lines", [["a.b/xe-links="], ["a.b/xe-links=0.0-1.0"], [_FULL, "a.b/xe-links2=Z.0-30.0"]]
)
def test_labels_of_the_grammar_pass(lines: list[str]) -> None:
    """Labels that NFD and Kubernetes take are no fault."""
    expect.labels(lines, "a.b")


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["kubernetes.io/xe-links=0.0-1.0"], id="another namespace"),
        pytest.param(["a.b/xe-links=0.0-1.0\n"], id="a line feed"),
        pytest.param(["a.b/xe-links=0.0-1.0\nkubernetes.io/x=1"], id="two lines in one"),
        pytest.param(["a.b/xe-links=@/etc/passwd"], id="a file's content"),
        pytest.param(["a.b/xe-links=_0.0-1.0"], id="a value that begins amiss"),
        pytest.param(["a.b/xe-links=0.0-"], id="a value that ends amiss"),
        pytest.param(["a.b/xe-links=" + "0" * 64], id="a value that is too long"),
        pytest.param(["a.b/xe-links=1", "a.b/xe-links3=Z2"], id="a part missing"),
        pytest.param(["a.b/xe-links=1", "a.b/xe-links2=Z2"], id="cut too early"),
        pytest.param(["a.b/xe-links=1-2"], id="not to be read back"),
        pytest.param(["a.b/xe-links"], id="no value"),
    ],
)
def test_other_labels_are_a_fault(lines: list[str]) -> None:
    """Nothing that the label grammar does not allow passes a target unnoticed."""
    with pytest.raises((AssertionError, ValueError)):
        expect.labels(lines, "a.b")


@pytest.mark.parametrize("text", ["", "a\nb", "\x1b[2J", "\u202e", "x" * 11])
def test_a_sentence_that_steers_a_terminal_is_a_fault(text: str) -> None:
    """No message that a target lets pass can forge a line of the log, or clear a screen."""
    expect.sentence("0123456789", 10)
    with pytest.raises(AssertionError):
        expect.sentence(text, 10)


def test_an_input_that_costs_too_much_is_a_fault() -> None:
    """A reader that needs 200 MiB for three bytes is found."""
    # In a process of its own: peaks are compared, and other tests have had theirs.
    made = "from fuzzing.cost import bounded; bounded(lambda data: data * (70 << 20))"
    command = [sys.executable, "-c", f"{made}(b''); {made}(b'abc')"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert re.search(r"TooExpensiveError: 3 bytes took .* s and \d{3} MiB$", done.stderr)
