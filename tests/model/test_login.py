"""When credentials may be sent."""

from __future__ import annotations

import pytest

from xelinkd.model.login import ACCEPTED, NEW, PATIENCE, Answer, Standing, after, answer_of, must_wait
from xelinkd.model.unknown import Reason


def history(standing: Standing, *answers: Answer) -> tuple[Standing, bool]:
    """Take in one answer after the other; give the standing, and whether the last one makes for a wait."""
    waits = False
    for answer in answers:
        standing = after(standing, answer)
        waits = must_wait(standing, answer)
    return standing, waits


@pytest.mark.parametrize(
    ("reason", "answer"),
    [
        (None, Answer.ACCEPTED),
        (Reason.MALFORMED, Answer.ACCEPTED),
        (Reason.UNAUTHORIZED, Answer.REFUSED),
        (Reason.TIMEOUT, Answer.NONE),
        (Reason.CLOSED, Answer.NONE),
        (Reason.REFUSED, Answer.NOT_SENT),
        (Reason.TLS_CERTIFICATE, Answer.NOT_SENT),
        (Reason.HTTP_STATUS, Answer.OTHER),
    ],
)
def test_what_an_outcome_tells_of_the_password(reason: Reason | None, answer: Answer) -> None:
    """A fetch that never reached the server says nothing of the password, a page says that it is right."""
    assert answer_of(reason) is answer


def test_refused_password_waits() -> None:
    """Status 401 makes for a wait, even if the password was right before."""
    assert history(NEW, Answer.REFUSED) == (NEW, True)
    assert history(ACCEPTED, Answer.REFUSED) == (NEW, True)


def test_unknown_password_waits_after_a_time_out() -> None:
    """A password that may be wrong may be what the server sleeps over."""
    assert history(NEW, Answer.NONE)[1]


def test_accepted_password_does_not_wait_after_a_time_out() -> None:
    """A source that hangs for a moment is asked at the usual pace, password or not."""
    standing, waits = history(ACCEPTED, *[Answer.NONE] * (PATIENCE - 1))
    assert not waits
    assert not standing.is_risky


def test_time_outs_in_a_row_are_suspicious() -> None:
    """A password that was changed on the server may show as time-outs alone: that ends in a wait, too."""
    standing, waits = history(ACCEPTED, *[Answer.NONE] * PATIENCE)
    assert waits
    assert standing.is_risky
    assert history(standing, Answer.ACCEPTED) == (ACCEPTED, False)


@pytest.mark.parametrize("answer", [Answer.NOT_SENT, Answer.OTHER])
@pytest.mark.parametrize("standing", [NEW, ACCEPTED])
def test_other_failures_never_wait(standing: Standing, answer: Answer) -> None:
    """A server that is down, or fails for a reason of its own, is asked at the usual pace."""
    assert history(standing, answer) == (standing, False)
