"""Modules that libraries import and we do not use: loaded when somebody asks for something in them."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType


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
