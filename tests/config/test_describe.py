"""The configuration as people see it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from xelinkd.config.decode import decode
from xelinkd.config.describe import render_default, render_effective
from xelinkd.config.keys import KEYS
from xelinkd.config.load import load
from xelinkd.config.overrides import Override, UrlPort
from xelinkd.config.schema import Config

SHIPPED = Path(__file__).parents[2] / "etc" / "xelinkd.toml"


def test_the_shipped_file_is_made_from_the_schema() -> None:
    """The file that users start from has every key, its documentation and its default, and none is stale."""
    assert SHIPPED.read_text(encoding="utf-8") == render_default()


def test_the_shipped_file_means_the_defaults() -> None:
    """Installing the shipped file changes nothing."""
    decoded = decode(SHIPPED.read_bytes(), where="shipped")
    assert decoded.config == Config()
    assert set(decoded.origins.values()) == {"file"}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_every_key_is_documented(key: object) -> None:
    """Each key has one line that says what it does, what it allows and what it is by default."""
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    name, path = key.name, key.path  # type: ignore[attr-defined]
    place = lines.index(
        next(
            line for line in lines[lines.index(f"[{path.split('.')[0]}]") :] if line.startswith(f"{name} = ")
        )
    )
    assert lines[place - 1].startswith("# ")
    assert "; default " in lines[place - 1]


def test_the_effective_configuration_can_be_used_again(tmp_path: Path) -> None:
    """What `check` prints is a configuration file that means the same."""
    file = tmp_path / 'a "new"\nname.toml'
    file.write_text(
        '[feature_file]\npath = "/tmp/é\\" \\u007f\\u0085\\U000e0001"\nlease = "90m"\n', encoding="utf-8"
    )
    loaded = load(
        file, [Override("labels.min_lanes", 2, "-lane-count"), UrlPort(1, "-xpum-port")], required=True
    )
    text = render_effective(loaded)
    assert decode(text.encode(), where="effective").config == loaded.config
    assert set(tomllib.loads(text)) == set(Config.__struct_fields__) - {"outputs"}


def test_the_effective_configuration_tells_origins(tmp_path: Path) -> None:
    """For each value users see whether it is a default, theirs, or from a flag."""
    file = tmp_path / "x.toml"
    file.write_text('[labels]\nnamespace = "a.b"\n', encoding="utf-8")
    loaded = load(file, [Override("labels.min_lanes", 2, "-lane-count")], required=True)
    assert render_effective(loaded).partition("[labels]\n")[2].partition("\n\n")[0].splitlines() == [
        'namespace = "a.b"            # file',
        "min_lanes = 2                # flag -lane-count",
        "allow_subdeviceless = false  # default",
        "summary = false              # default",
    ]
