"""`xelinkd doctor` as it is called."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support.daemon import xelinkd
from support.terminal import on_a_terminal

from xelinkd.cli.doctor.verb import STEPS

if TYPE_CHECKING:
    from support.chain import Chain
    from support.daemon import Daemon

MARKS = ("✓", "!", "✗", "-")


def test_nothing_is_broken(daemon: Daemon) -> None:
    """Beside a daemon that runs every step is well, but for a note on the folder, and the status is 0."""
    daemon.serve_status().start()
    daemon.wait_for_answer("/readyz", lambda code, _: code == 200)
    done = xelinkd("doctor", "--config", daemon.config)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    marks = {line.split()[1]: line[0] for line in done.stdout.splitlines() if line.startswith(MARKS)}
    assert marks == {step: "!" if step == "nfd" else "✓" for step in STEPS}
    assert f"! nfd           {daemon.features} is not where Node Feature Discovery looks by" in done.stdout
    assert done.stdout.endswith("\nNothing is broken.\n")
    assert f"kept by xelinkd:writer (process {daemon.workers()['writer']})" in done.stdout


def test_the_first_broken_link(chain: Chain) -> None:
    """Whatever else is broken, the last line says what to do first; the status is 1."""
    chain.file.chmod(0o600)
    chain.xpum.status = 500
    done = xelinkd("doctor", "--config", chain.config)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith(
        "Broken: answer. What to do first: look at XPU Manager's log"
    )


def test_json(chain: Chain) -> None:
    """Programs get every step by its name, with an outcome of four words."""
    chain.file.chmod(0o600)
    done = xelinkd("doctor", "--config", chain.config, "--format=json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["version"], told["passed"], told["first_broken"]) == (1, 1, False, "nfd")
    assert tuple(step["step"] for step in told["steps"]) == STEPS
    assert {step["outcome"] for step in told["steps"]} == {"well", "note", "broken"}
    assert all(step.keys() == {"step", "outcome", "found", "advice"} for step in told["steps"])


def test_letters_where_the_terminal_has_no_signs(chain: Chain) -> None:
    """A terminal without UTF-8 gets letters for signs; one with colours gets those."""
    chain.file.chmod(0o600)
    arguments = ("doctor", "--config", chain.config)
    plain = on_a_terminal(*arguments, PYTHONIOENCODING="ascii", NO_COLOR="1")
    assert "\nok folder " in plain
    assert "\nNO nfd " in plain
    assert "\x1b[1;31m✗\x1b[0m" in on_a_terminal(*arguments, PYTHONIOENCODING="utf-8")


def test_flag_of_the_wrong_kind(chain: Chain) -> None:
    """A mistake on the command line is one, with status 2, and not a finding."""
    done = xelinkd("doctor", "--config", chain.config, "-lane-count=many")
    assert (done.returncode, done.stdout) == (2, "")
