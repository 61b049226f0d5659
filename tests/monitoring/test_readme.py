"""What the README of the monitoring tells people to do."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from support.prometheus import MONITORING, RULES, needs_prometheus, promtool

from xelinkd.config.load import load

if TYPE_CHECKING:
    from pathlib import Path

README = (MONITORING / "README.md").read_text()


def block(language: str) -> str:
    """Give the first block of code in a language."""
    return README.partition(f"```{language}\n")[2].partition("```")[0]


@needs_prometheus
def test_example_of_a_scrape_is_right(tmp_path: Path) -> None:
    """The configuration for a plain Prometheus can be taken as it is, but for the names in it."""
    token, config = tmp_path / "token", tmp_path / "prometheus.yaml"
    token.write_text("secret\n")
    example = block("yaml").replace("/etc/prometheus/xelinkd.rules.yaml", str(RULES))
    config.write_text(example.replace("/etc/prometheus/xelinkd.token", str(token)))
    assert "SUCCESS" in promtool("check", "config", config)


def test_example_of_listening_is_right(tmp_path: Path) -> None:
    """The configuration that lets Prometheus in is one that xelinkd takes."""
    path = tmp_path / "xelinkd.toml"
    path.write_text(block("toml"))
    assert load(path, required=True).config.status.listen == "[::]:29998"


@needs_prometheus
def test_rules_for_the_operator_are_the_same_rules(tmp_path: Path) -> None:
    """What the command makes for the operator has the rules as they are in the file."""
    command = re.search(r"\{ printf .*?; \}", block("console"), re.DOTALL)
    assert command is not None
    made = subprocess.run(
        ["/bin/sh", "-c", command[0]], cwd=MONITORING, check=True, capture_output=True, text=True, timeout=30
    ).stdout
    head, _, spec = made.partition("spec:\n")
    assert head.splitlines()[1] == "kind: PrometheusRule"
    rules = tmp_path / "rules.yaml"
    rules.write_text("\n".join(line.removeprefix("  ") for line in spec.splitlines()) + "\n")
    assert rules.read_text() == RULES.read_text()
    promtool("check", "rules", rules)
