"""The man pages, as the package has them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from xelinkd import __version__
from xelinkd.cli.go_flags import NAMES
from xelinkd.cli.main import VERBS, module_of
from xelinkd.config.keys import KEYS, LIST_KEYS

ROOT: Final = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Make them; give them by name, without roff's escapes."""
    folder = tmp_path_factory.mktemp("man")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SOURCE_DATE_EPOCH": "1800000000"}
    subprocess.run([sys.executable, ROOT / "tools" / "manual.py", folder], env=environment, check=True)
    return {page.name: _unescaped(page.read_text()) for page in folder.iterdir()}


def _unescaped(text: str) -> str:
    for escape, character in ((r"\-", "-"), (r"\(aq", "'"), (r"\(ga", "`"), (r"\(dq", '"')):
        text = text.replace(escape, character)
    return text


def test_every_verb_is_there_with_its_flags(pages: dict[str, str]) -> None:
    """People find each verb, and each of its flags, in xelinkd(8)."""
    sections = pages["xelinkd.8"].split("\n.SS ")
    for verb in VERBS:
        section = next(text for text in sections if text.startswith(f'"xelinkd {verb}"'))
        for action in module_of(verb).command_line()._actions:  # noqa: SLF001  there is no other way to them
            assert all(flag in section for flag in action.option_strings)


def test_flags_of_intels_sidecar_are_there(pages: dict[str, str]) -> None:
    """People find each flag of Intel's sidecar in xelinkd(8)."""
    missing = {name for name in NAMES if f"-{name}" not in pages["xelinkd.8"]}
    assert not missing


def test_every_key_is_there_with_its_default(pages: dict[str, str]) -> None:
    """People find each key of the configuration, what it may be and its default in xelinkd.toml(5)."""
    flowing = " ".join(pages["xelinkd.toml.5"].split())
    for key in (*KEYS.values(), *LIST_KEYS.values()):
        meaning = f'.B "{key.name}" {key.description} ({key.rule.allowed}; '
        assert " ".join(meaning.split()) in flowing


def test_version_and_date_are_there(pages: dict[str, str]) -> None:
    """A page tells of which version it is, and its date is that of the sources."""
    for page in pages.values():
        assert f'"2027-01-15" "xelinkd {__version__}"' in page.partition("\n")[0]
