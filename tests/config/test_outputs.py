"""`[[outputs]]`: a section that may be there several times."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from xelinkd.config.changes import changes
from xelinkd.config.decode import decode
from xelinkd.config.describe import render_default, render_effective
from xelinkd.config.keys import LIST_KEYS
from xelinkd.config.load import load
from xelinkd.config.problems import ConfigError
from xelinkd.config.schema import MOST_OUTPUTS, Output
from xelinkd.outputs.formats import FORMATS

SLURM = '[[outputs]]\nformat = "slurm"\nfile = "/var/lib/xelinkd/gres.conf"\ngpu_type = "max1550"\n'
JSON = '[[outputs]]\nformat = "json"\nfile = "/var/lib/xelinkd/links.json"\n'


def problems(text: str) -> list[str]:
    """Give what is wrong with a configuration."""
    with pytest.raises(ConfigError) as caught:
        decode(text.encode(), where="x.toml")
    return [str(problem) for problem in caught.value.problems]


def test_each_section_is_an_output() -> None:
    """Outputs come in the order of the file, with defaults, and each value with its origin."""
    decoded = decode((SLURM + JSON).encode(), where="x.toml")
    assert decoded.config.outputs == (
        Output(format="slurm", file=Path("/var/lib/xelinkd/gres.conf"), gpu_type="max1550"),
        Output(format="json", file=Path("/var/lib/xelinkd/links.json")),
    )
    assert decoded.origins["outputs[1].gpu_type"] == "file"
    assert decoded.origins["outputs[2].gpu_type"] == "default"


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_can_be_configured(form: str) -> None:
    """A format that there is can be asked for."""
    (output,) = decode(
        f'[[outputs]]\nformat = "{form}"\nfile = "/x"\n'.encode(), where="x.toml"
    ).config.outputs
    assert output.format == form


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("outputs = 3", "outputs: found 3; allowed: sections, each one [[outputs]]"),
        ('[outputs]\nformat = "json"', "outputs: found a table; allowed: sections, each one [[outputs]]"),
        ("outputs = [{}, 1]", "outputs: found 1; allowed: sections, each one [[outputs]]"),
        (
            '[[outputs]]\nfile = "/x"',
            'outputs[1].format: is missing; allowed: "slurm", "json" or "prometheus"',
        ),
        (
            JSON + '[[outputs]]\nformat = "slurm"',
            "outputs[2].file: is missing; allowed: an absolute path of up to 4095 bytes",
        ),
        (JSON.replace("json", "yaml", 1), 'outputs[1].format: found "yaml"; allowed: "slurm", "json" or'),
        (
            JSON.replace('"/var', '"var'),
            'outputs[1].file: found "var/lib/xelinkd/links.json"; allowed: an abs',
        ),
        (
            JSON.replace("/var/lib/xelinkd/links.json", "/"),
            'outputs[1].file: found "/"; allowed: an absolute path of up to 4095 bytes',
        ),
        (
            JSON.replace("/var/lib/xelinkd/links.json", "/var/lib/.."),
            'outputs[1].file: found "/var/lib/.."; allowed: an absolute path of up to 4095 bytes',
        ),
        (JSON + "fiel = 1", "outputs[1].fiel: unknown key; did you mean 'file'?"),
        (JSON + 'path = "/x"', "outputs[1].path: unknown key; allowed: format, file, gpu_type"),
        (JSON + 'paths = "/x"', "outputs[1].paths: unknown key; allowed: format, file, gpu_type"),
        (JSON + "level = 1", "outputs[1].level: unknown key; allowed: format, file, gpu_type"),
        ('[feature_file]\nfile = "/x"', "feature_file.file: unknown key; allowed: path, "),
        (SLURM.replace("max1550", "max 1550"), 'outputs[1].gpu_type: found "max 1550"; allowed: up to 64'),
        (
            SLURM.replace("max1550", "a\\nName=x"),
            'outputs[1].gpu_type: found "a\\nName=x"; allowed: up to 64',
        ),
        (JSON + 'gpu_type = "x"', 'outputs[1].gpu_type: found "x"; allowed: "" where format is not "slurm"'),
        (JSON + JSON.replace("/links", "/../xelinkd/links"), "allowed: a file that no other output has"),
        (JSON + JSON.replace('"/var', '"//var'), "allowed: a file that no other output has"),
        ('[source]\nkind = "rest"\n' + SLURM, 'outputs[1].format: found "slurm"; allowed: another one than'),
        ('[feature_file]\npath = "/var/lib/xelinkd/x"\n' + JSON, "a file in another folder than the feature"),
        (
            '[feature_file]\npath = "/var/lib/xelinkd/x"\n' + JSON.replace('"/var', '"//var'),
            "a file in another folder than the feature",
        ),
        (
            '[feature_file]\nstaging_dir = "/var/lib/xelinkd"\n' + JSON,
            "a file in another folder than the feature",
        ),
    ],
)
def test_what_is_wrong_is_said(text: str, problem: str) -> None:
    """Whoever writes an output that cannot be learns which, which key, and what is allowed."""
    (said,) = problems(text)
    assert said.startswith("x.toml: ")
    assert problem in said


def test_all_that_is_wrong_is_said_at_once() -> None:
    """A mistake elsewhere hides none among outputs."""
    said = problems('[source]\nkind = "auto"\ninterval = 10\n' + SLURM)
    assert [problem.split(": ")[1] for problem in said] == ["source.interval", "outputs[1].format"]


def test_there_are_not_thousands() -> None:
    """A file that a script has filled beyond all measure is refused in a sentence."""
    text = "".join(JSON.replace("links", f"links{n}") for n in range(5_000))
    (said,) = problems(text)
    assert said.startswith(f"x.toml: outputs[{MOST_OUTPUTS + 1}].file: found ")
    assert said.endswith(f"; allowed: at most {MOST_OUTPUTS} outputs")


def test_the_shipped_file_shows_how() -> None:
    """Taking the comment signs away gives an output that works; every key is there with its documentation."""
    lines = render_default().partition("#[[outputs]]\n")[2].splitlines()
    shown = "\n".join(
        ["[[outputs]]", *(line.removeprefix("#") for line in lines if not line.startswith("# "))]
    )
    (output,) = decode(shown.encode(), where="shipped").config.outputs
    assert output == Output(format="slurm", file=Path("/var/lib/xelinkd/gres.conf"))
    assert [line.partition(" ")[0] for line in lines[1::2]] == [f"#{key.name}" for key in LIST_KEYS.values()]


def test_the_effective_configuration_can_be_used_again(tmp_path: Path) -> None:
    """What `check` prints of outputs means the same."""
    file = tmp_path / "x.toml"
    file.write_text(SLURM + JSON)
    loaded = load(file, required=True)
    text = render_effective(loaded)
    assert decode(text.encode(), where="effective").config == loaded.config
    assert len(tomllib.loads(text)["outputs"]) == 2


def test_changes_name_outputs(tmp_path: Path) -> None:
    """The log says which output came, and what changed."""
    before, after = tmp_path / "before.toml", tmp_path / "after.toml"
    before.write_text(SLURM)
    after.write_text(SLURM.replace("max1550", "pvc") + JSON)
    assert changes(load(before, required=True), load(after, required=True)) == [
        "outputs[1].gpu_type: max1550 -> pvc",
        "outputs[2].format: none -> json",
        "outputs[2].file: none -> /var/lib/xelinkd/links.json",
        "outputs[2].gpu_type: none -> ",
    ]
