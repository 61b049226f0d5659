"""What a daemon loads at its start: a module costs up to 6 ms and 0.3 MiB, shared by all its processes."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

pytestmark = pytest.mark.once  # other Pythons have other modules

# 283 today. What a library brings along that is worth a thought is ten modules or more.
MOST: Final = 290
# What is not the standard library's: each is weighed in docs/adr/0002-runtime-dependencies.md.
LIBRARIES: Final = {"xelinkd", "msgspec", "structlog", "tomli", "urllib3", "watchdog"}
IF_THERE: Final = {"typing_extensions"}  # msgspec takes it where it is installed

# As `xelinkd run` does it; a module that is deferred stands there, and is not loaded.
LOADED: Final = """
import sys
before = set(sys.modules)
from xelinkd.cli.main import load_leanly, module_of
load_leanly()
module_of("run")
print(*(name for name in set(sys.modules) - before if type(sys.modules[name]).__name__ == "module"))
"""


def test_start_loads_few_modules_and_no_other_library() -> None:
    """A start stays short, and memory small: what comes along with something else is seen here first."""
    command = [sys.executable, "-c", LOADED]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.split()
    others = {name.partition(".")[0] for name in loaded if not name.startswith("__")}

    compiled = {name for name in others if name.endswith("__mypyc")}  # a part of such libraries
    assert others - sys.stdlib_module_names - LIBRARIES - IF_THERE - compiled == set()
    assert len(loaded) <= MOST, sorted(loaded)
