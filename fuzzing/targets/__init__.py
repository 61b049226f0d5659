"""The targets, one module each. They are loaded by name, so that the fuzzer can watch what they import."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from fuzzing.target import Target, large

LARGE: Final = "-large"
NAMES: Final = (
    "page",
    "xelink_json",
    "reading",
    "config",
    "message",
    "feature_file",
    "node_feature",
    "answer",
    "mounts",
    "request",
    "status",
)
ALL: Final = (*NAMES, *(name + LARGE for name in NAMES))


def load(name: str) -> Target:
    """Give one of ALL."""
    target: Target = import_module(f"fuzzing.targets.{name.removesuffix(LARGE)}").TARGET
    return large(target) if name.endswith(LARGE) else target
