"""Something that is done in the background, and has to be done by the end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """Do it while the block lasts, and wait for its end; what it raises is raised then."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(act)
        yield
        done.result()
