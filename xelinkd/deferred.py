"""Modules that libraries import and we do not use: loaded when somebody asks for them, or not at all.

What each of them takes, and why these, is in ADR 15.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Deferred(ModuleType):
    def __getattr__(self, name: str) -> object:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


class _Inspect(_Deferred):
    """`inspect`, of which dataclasses (Python 3.12, 3.13) asks one thing for each class that it makes."""

    @staticmethod
    def get_annotations(of: type) -> dict[str, object]:
        return dict(vars(of).get("__annotations__", {}))


class _Nameless(ModuleType):
    """A module of which only the names are asked for."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


def defer(name: str) -> None:
    """Let `import name` cost nothing until an attribute of the module is asked for.

    Not `importlib.util.LazyLoader` (Python 3.13): it loads at the second import statement already.
    """
    sys.modules.setdefault(name, _Deferred(name))


@contextmanager
def without(name: str) -> Iterator[None]:
    """Let a library that would use another if it were installed go without it, where it is imported first."""
    with _with(name, None):  # importing it is an ImportError (importlib's reference)
        yield


@contextmanager
def _with(name: str, module: ModuleType | None) -> Iterator[None]:
    if name in sys.modules:
        yield
        return
    sys.modules[name] = module  # type: ignore[assignment]  # None is allowed
    try:
        yield
    finally:
        del sys.modules[name]


_UNUSED: Final = (
    *("bz2", "locale", "lzma", "mimetypes", "random", "shutil", "tempfile", "textwrap"),
    *("msgspec.inspect", "structlog.stdlib", "structlog.threadlocal"),
)


def defer_unused() -> None:
    """Defer what is imported on the way to each verb, and used by hardly any."""
    sys.modules.setdefault("inspect", _Inspect("inspect"))
    for name in _UNUSED:
        defer(name)
    with without("typing_extensions"):  # has nothing that typing lacks: 1 MB and 10 ms, where it is installed
        import_module("msgspec")


def load_status_leanly() -> None:
    """Import the libraries that the status process uses, without OpenSSL.

    asyncio does without `ssl`, which it would only use to make connections for us. prometheus_client has
    servers and clients, which nobody here starts, and which name it in their signatures.
    """
    with without("ssl"):
        import_module("asyncio.events")
    with _with("ssl", _Nameless("ssl")):
        import_module("prometheus_client")


def load_leanly() -> None:
    """Import libraries without what they would bring and the daemon does not use; for all of its processes.

    OpenSSL: nobody here asks hashlib, http.client or urllib3 for TLS. That is put beneath them, where it is
    needed (`net.trust`), and whoever imports `ssl` later has all of it.
    """
    if find_spec("_md5"):  # Red Hat's Python has no hashes but OpenSSL's
        with without("_hashlib"):
            import_module("hashlib")
            import_module("hmac")
    with _with(
        "ssl", _Deferred("ssl")
    ):  # prometheus_client wants what http.client has for https, and takes `ssl`
        import_module("http.client")
    with without("ssl"), _with("importlib.metadata", _metadata()):
        import_module("urllib3")


def _metadata() -> ModuleType:
    """Give what urllib3's module for HTTP/2 imports: a function that it may call, and then the real one."""
    module = ModuleType("importlib.metadata")
    module.version = lambda name: import_module("importlib.metadata").version(name)  # type: ignore[attr-defined]
    return module
