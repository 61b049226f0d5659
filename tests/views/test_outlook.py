"""What the state amounts to."""

from __future__ import annotations

from support.machines import never_known, unknown_now, watched
from support.states import GOOD, changed, replace

from xelinkd.simulator.machine import parse_machine
from xelinkd.state.history import History
from xelinkd.state.told import Fault, Output
from xelinkd.views.outlook import Tone, outlook

END = "2027-01-16 07:59:55 UTC (in 23 h 59 min)"
MACHINE = parse_machine("8x-max1550")


def test_all_is_well() -> None:
    """On a good day, links, their confirmation and the end of the lease are told, and nothing else."""
    seen = outlook(watched(MACHINE))
    assert (seen.tone, seen.brief) == (Tone.GOOD, "56 links")
    assert seen.sentences == (
        "56 links, confirmed 5 s ago.",
        f"The labels hold until {END}, and longer with each observation that confirms them.",
    )


def test_missing_links_come_first_to_mind() -> None:
    """The title tells how many links are missing, and a sentence names them."""
    seen = outlook(watched(MACHINE, "0.0-3.0", "2.1-6.1"))
    assert (seen.tone, seen.brief) == (Tone.ODD, "2 links missing")
    assert seen.sentences[-1] == "2 links are missing: 0.0-3.0, 2.1-6.1."


def test_a_failing_source_is_told_with_how_long_labels_still_hold() -> None:
    """While the labels hold, a failing source is something to look at, not yet a failure."""
    seen = outlook(unknown_now(watched(MACHINE)))
    assert (seen.tone, seen.brief) == (Tone.ODD, "topology unknown")
    assert seen.sentences[0] == (
        "The topology is unknown for 5 min (since 07:55:00 UTC): nothing listens on 127.0.0.1:29999"
    )
    assert seen.sentences[1].startswith("The labels hold until")


def test_a_check_that_fails_is_named() -> None:
    """The title names the first check that fails."""
    seen = outlook(never_known())
    assert (seen.tone, seen.brief) == (Tone.BAD, "labels check fails")
    assert seen.sentences[1] == "No labels are held."


def test_before_the_first_observation() -> None:
    """A daemon that has just started says so, and does not count links."""
    young = replace(GOOD, history=History(), keeping=changed(GOOD.keeping, known_at=None))
    assert outlook(young).brief == "topology unknown"
    assert outlook(young).sentences[0] == "No observation yet: the topology is not known."


def test_concerns_are_told() -> None:
    """A login that waits and an odd page are told although the labels are true."""
    odd = changed(GOOD.fetching, waits_for_login=True, oddities=("a link's ends disagree",))
    seen = outlook(replace(GOOD, fetching=odd))
    assert seen.tone is Tone.ODD
    assert "The login was refused, or perhaps was" in seen.sentences[2]
    assert seen.sentences[3] == "Odd: a link's ends disagree."


def test_outputs_that_fail_are_told() -> None:
    """A file for other programs that is not true is no fault of the labels, and still to be looked at."""
    outputs = (Output("json", "/srv/x.json", fault=Fault("full", 9_900.0)), Output("slurm", "/srv/gres.conf"))
    seen = outlook(replace(GOOD, keeping=changed(GOOD.keeping, outputs=outputs)))
    assert seen.tone is Tone.ODD
    assert seen.sentences[-1] == "1 output cannot be set right: /srv/x.json."
