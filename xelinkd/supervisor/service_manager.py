"""The service manager that started us, if one did, hears how we are: sd_notify(3) of systemd 257."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from xelinkd.model.lease import Instant
from xelinkd.state.checks import has_settled, live, passed
from xelinkd.supervisor.announcements import Situation, Told, announce, due
from xelinkd.views.service_words import words

if TYPE_CHECKING:
    from xelinkd.state.told import State
    from xelinkd.workers.boards import Boards

NEVER: Final = float("inf")
AGAIN_AFTER: Final = 1.0  # seconds, where the manager did not take a message
SLEW: Final = 1.0  # second; a clock that is brought into step slowly makes no new words


class ServiceManager(Struct, frozen=True):
    """Where its socket is ("": there is none), and the seconds after which it ends us if it hears nothing."""

    address: str = ""
    patience: float = NEVER

    def hear(self, message: str) -> bool:
        """Send one message; False if it was not taken. Nobody is waited for."""
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as made:
                made.sendto(message.encode(), address)
        except OSError:
            return False
        return True


def service_manager() -> ServiceManager:
    """Learn who started us, and take that out of the environment: workers have nothing to tell it."""
    address = os.environ.pop("NOTIFY_SOCKET", "")
    microseconds = os.environ.pop("WATCHDOG_USEC", "")
    process = os.environ.pop("WATCHDOG_PID", "")
    if not address.startswith(("/", "@")):  # none, or of another kind: virtual machines have those
        return ServiceManager()
    is_meant = microseconds.isdecimal() and process in {"", str(os.getpid())}
    return ServiceManager(address, int(microseconds) / 1e6 if is_meant else NEVER)


class Announcer:
    """Tells the service manager what it has not been told yet, when the supervisor is awake."""

    def __init__(self, manager: ServiceManager, boards: Boards) -> None:
        """Begin to start."""
        self._manager = manager
        self._boards = boards
        self._told = Told(since=time.monotonic())
        self._offset = NEVER
        self.deadline = NEVER
        """When `turn` may have something to tell though nothing happens (time.monotonic)."""

    def turn(self, *, asked_at: float | None, is_asked: bool, is_stopping: bool) -> None:
        """Tell what is new; `asked_at` as in Situation, `is_asked`: what was asked for has not been done."""
        state = self._boards.look() if self._manager.address else None
        if state is None:
            return
        now = time.monotonic()
        situation = Situation(
            now=now,
            asked_at=asked_at,
            is_settled=has_settled(state) and not is_asked,
            is_stopping=is_stopping,
            is_alive=passed(live(state)),
            words=words(self._by_a_steady_clock(state)),
        )
        self._tell(situation)

    def _tell(self, situation: Situation) -> None:
        patience = self._manager.patience
        messages, told = announce(self._told, situation, patience)
        if all(map(self._manager.hear, messages)):
            self._told = told
            self.deadline = due(told, situation.now, patience)
        else:  # all of it again: to hear twice does no harm
            self.deadline = situation.now + AGAIN_AFTER

    def _by_a_steady_clock(self, state: State) -> State:
        """Let moments be told alike each time, unless the wall clock was set."""
        offset = state.now.offset
        if abs(offset - self._offset) > SLEW:
            self._offset = offset
        return replace(state, now=Instant(state.now.boot, state.now.boot + self._offset))
