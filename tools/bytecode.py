"""Compiles what xelinkd imports of Python's own library, for the image.

Usage: bytecode.py ROOT. It goes below ROOT, at its path in the image: official images of Python come without.
"""

from __future__ import annotations

import pkgutil
import sys
import sysconfig
from importlib import import_module
from pathlib import Path
from py_compile import PycInvalidationMode, compile  # noqa: A004  its name
from typing import TYPE_CHECKING

import xelinkd

if TYPE_CHECKING:
    from collections.abc import Iterator


def import_all() -> None:
    """Import every module of xelinkd, and so whatever any verb imports."""
    for module in pkgutil.walk_packages(xelinkd.__path__, "xelinkd."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for name, module in list(sys.modules.items()):
        if module.__spec__ is None and not name.startswith("__"):  # deferred: it comes when it is asked for
            del sys.modules[name]
            import_module(name)


def imported() -> Iterator[tuple[str, str]]:
    """Give the sources of Python's own modules, and the places of their bytecode."""
    library = sysconfig.get_path("stdlib")
    for module in list(sys.modules.values()):
        spec = module.__spec__
        if spec and spec.origin and spec.cached and spec.origin.startswith(library):
            yield spec.origin, spec.cached


def main(root: Path) -> None:
    """Compile."""
    import_all()
    for source, cached in imported():
        target = root / cached.removeprefix("/")
        compile(source, str(target), doraise=True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)


main(Path(sys.argv[1]))
