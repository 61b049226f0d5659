"""The answer to a probe, in the manner of Kubernetes' API server (1.34: /livez?verbose)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.state.checks import passed

if TYPE_CHECKING:
    from xelinkd.state.checks import Check


def answer(probe: str, checks: tuple[Check, ...], *, verbose: bool) -> str:
    """Say "ok", or check by check what is wrong; `verbose` says it all in any case."""
    if passed(checks) and not verbose:
        return "ok"
    verdict = "passed" if passed(checks) else "failed"
    return "".join(map(_line, checks)) + f"{probe} check {verdict}\n"


def _line(check: Check) -> str:
    mark, word = ("+", "ok") if check.passed else ("-", "failed")
    return f"[{mark}]{check.name} {word}: {check.detail}\n"
