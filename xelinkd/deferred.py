"""Modules that libraries import and we do not use: loaded when somebody asks for them, or not at all."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Deferred(ModuleType):
    def __getattr__(self, name: str) -> object:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def defer(name: str) -> None:
    """Let `import name` cost nothing until an attribute of the module is asked for.

    Not `importlib.util.LazyLoader` (Python 3.13): it loads at the second import statement already.
    """
    sys.modules.setdefault(name, _Deferred(name))


@contextmanager
def without(name: str) -> Iterator[None]:
    """Let a library that would use another if it were installed go without it, where it is imported first."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # importing it is an ImportError (importlib's reference)
    try:
        yield
    finally:
        del sys.modules[name]
