"""Processes of others that became the supervisor's children.

PID 1 of a container gets all that lose their parent there: what a timed-out exec probe leaves, for one.
Nobody else can reap them, and each keeps its process id, of which a pod has a limited number, until then.
"""

from __future__ import annotations

import os


def reap_orphans(ours: frozenset[int]) -> None:
    """Reap the children that have ended, up to the first that is a worker of ours: its unit buries it.

    To be called after each burial: what waits behind a worker makes no further signal.
    """
    while (ended := _ended_child()) and ended not in ours:
        os.waitpid(ended, 0)


def _ended_child() -> int | None:
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return found.si_pid if found else None
