"""`xelinkd show`."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest
from support.daemon import xelinkd
from support.pages import RECORDED, recorded, serving_page
from support.terminal import on_a_terminal

from xelinkd.simulator.faults import Mode
from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.page import render
from xelinkd.simulator.rest import topology

if TYPE_CHECKING:
    from pathlib import Path

LABELS_4X2 = """\
gpu.intel.com/xe-links=0.0-1.0_0.0-2.0_0.0-3.0_0.1-1.1_0.1-2.1_0.1-3.1_1.0-2.0_1.0-3.0
gpu.intel.com/xe-links2=Z_1.1-2.1_1.1-3.1_2.0-3.0_2.1-3.1
"""
LEGEND = (
    "numbers: XeLink lanes; S self, XL* XeLink by way of another GPU, MDF same card, NODE, SYS across PCIe"
)
TEXT_4X2 = f"""\
       0.0  0.1  1.0  1.1  2.0  2.1  3.0  3.1
0.0      S  MDF   16  XL*   16  XL*   16  XL*
0.1    MDF    S  XL*   16  XL*   16  XL*   16
1.0     16  XL*    S  MDF   16  XL*   16  XL*
1.1    XL*   16  MDF    S  XL*   16  XL*   16
2.0     16  XL*   16  XL*    S  MDF   16  XL*
2.1    XL*   16  XL*   16  MDF    S  XL*   16
3.0     16  XL*   16  XL*   16  XL*    S  MDF
3.1    XL*   16  XL*   16  XL*   16  MDF    S

{LEGEND}
4 GPUs, 8 tiles, 12 links
GPU 0  linked to all 3 others, 6 links, 96 lanes
GPU 1  linked to all 3 others, 6 links, 96 lanes
GPU 2  linked to all 3 others, 6 links, 96 lanes
GPU 3  linked to all 3 others, 6 links, 96 lanes

{LABELS_4X2}"""
TEXT_MAX1100 = f"""\
       0.0  1.0
0.0      S    8
1.0      8    S

{LEGEND}
2 GPUs, 2 tiles, 1 link; 1 left out of the labels (labels.allow_subdeviceless = false)
GPU 0  linked to the other, 1 link, 8 lanes
GPU 1  linked to the other, 1 link, 8 lanes

gpu.intel.com/xe-links=
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Give a saved page of 4 GPUs."""
    path = tmp_path / "page.prom"
    path.write_bytes(recorded("max1550-4x2-mesh"))
    return path


@pytest.mark.parametrize(
    ("name", "text"), [("max1550-4x2-mesh", TEXT_4X2), ("max1100-2x1-bridge", TEXT_MAX1100)]
)
def test_a_matrix_for_people(plain: Path, name: str, text: str) -> None:
    """People see each pair of tiles, what the marks mean, and the labels that come of it."""
    done = xelinkd("show", "--config", plain, "-", stdin=recorded(name))
    assert (done.returncode, done.stdout, done.stderr) == (0, text, "")


@pytest.mark.parametrize(
    ("name", "flags", "rules"),
    [
        ("max1550-4x2-mesh", ["-lane-count=17"], "labels.min_lanes = 17"),
        ("max1100-2x1-bridge", ["-lane-count=9", "-allow-subdeviceless-links"], "labels.min_lanes = 9"),
        ("max1100-2x1-bridge", ["-lane-count=9"], "labels.min_lanes = 9, labels.allow_subdeviceless = false"),
    ],
)
def test_rules_that_leave_links_out(plain: Path, name: str, flags: list[str], rules: str) -> None:
    """Whoever misses a link in the labels sees the rule that left it out, and no other."""
    done = xelinkd("show", "--config", plain, "-", *flags, stdin=recorded(name))
    assert f" left out of the labels ({rules})\n" in done.stdout


def test_saved_page(page: Path, plain: Path) -> None:
    """A page that was saved elsewhere can be looked at here."""
    done = xelinkd("show", "--config", plain, page, "--format", "labels")
    assert (done.returncode, done.stdout, done.stderr) == (0, LABELS_4X2, "")


@pytest.mark.parametrize("configured", [False, True])
def test_live_source(plain: Path, *, configured: bool) -> None:
    """A URL is asked, or else the source of the configuration."""
    with serving_page(recorded("max1550-4x2-mesh")) as server:
        plain.write_text(f'[source]\nurl = "{server.url}"\n' if configured else "")
        source = [] if configured else [server.url]
        done = xelinkd("show", "--config", plain, *source, "--format=labels")
    assert (done.returncode, done.stdout, done.stderr) == (0, LABELS_4X2, "")


def test_colours_on_a_terminal(page: Path, plain: Path) -> None:
    """On a terminal, links that become labels stand out in green, those left out in yellow."""
    arguments = ("show", "--config", plain, page)
    assert "\x1b[32m   16\x1b[0m" in on_a_terminal(*arguments)
    assert "\x1b[33m   16\x1b[0m" in on_a_terminal(*arguments, "-lane-count", "17")
    assert on_a_terminal(*arguments, NO_COLOR="1") == on_a_terminal(*arguments, TERM="dumb") == TEXT_4X2


def test_columns_of_a_large_machine(tmp_path: Path, plain: Path) -> None:
    """The columns of 64 tiles stand below each other, and each GPU has its line."""
    page = tmp_path / "page.prom"
    page.write_bytes(render(parse_machine("16x4")))
    head, *rows = xelinkd("show", "--config", plain, page).stdout.splitlines()
    assert {len(line) for line in rows[:64]} == {len(head)} == {65 * 5}
    assert rows[63].split()[0] == head.split()[-1] == "15.3"
    assert sum(line.startswith("GPU ") for line in rows) == 16


def test_a_gpu_that_is_not_linked_to_all(plain: Path) -> None:
    """Whoever looks for a lost link sees which GPUs it is missing between."""
    machine = parse_machine("3x2")
    for link in machine.links:
        if {link.low.device, link.high.device} == {0, 1}:
            machine = machine.with_link(str(link), up=False)
    shown = xelinkd("show", "--config", plain, "-", stdin=render(machine)).stdout
    assert "GPU 0  linked to 1 of 2 others (not to 1), 2 links, 8 lanes\n" in shown
    assert "GPU 2  linked to all 2 others, 4 links, 16 lanes\n" in shown


def test_json(plain: Path) -> None:
    """Programs get tiles, links and labels as one JSON object with a version."""
    page = recorded("max1100-2x1-bridge")
    done = xelinkd("show", "--config", plain, "--format=json", "-allow-subdeviceless-links", "-", stdin=page)
    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "kind": "xelinkd-topology",
        "version": 1,
        "complete": True,
        "gap": None,
        "gpus": [
            {"device": 0, "dev_file": "card1", "pci_bdf": "0000:18:00.0"},
            {"device": 1, "dev_file": "card2", "pci_bdf": "0000:29:00.0"},
        ],
        "tiles": ["0.0", "1.0"],
        "links": [{"tiles": ["0.0", "1.0"], "lanes": 8}],
        "labels": ["gpu.intel.com/xe-links=0.0-1.0"],
    }


def test_lines_for_slurm(page: Path, plain: Path) -> None:
    """An admin sees what an output for Slurm has, with the type that is configured for it."""
    plain.write_text('[[outputs]]\nformat = "slurm"\nfile = "/nowhere/gres.conf"\ngpu_type = "max1550"\n')
    done = xelinkd("show", "--config", plain, page, "--format", "slurm")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\nName=gpu Type=max1550 File=/dev/dri/card2 Links=32,-1,32,32\n" in done.stdout


def test_no_lines_for_slurm_from_rest(tmp_path: Path, plain: Path) -> None:
    """Where the source does not tell the GPUs' files, no line is guessed: status 1, and the reason."""
    answer = tmp_path / "answer.json"
    answer.write_bytes(topology(parse_machine("2x-max1550"), Mode.OK).body)
    done = xelinkd("show", "--config", plain, answer, "--format", "slurm")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("xelinkd: the source does not tell file and PCI address of GPU 0, 1: ")


def test_metrics(page: Path, plain: Path) -> None:
    """Metrics of the links can be had for a look, as an output has them."""
    done = xelinkd("show", "--config", plain, page, "--format", "prometheus")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\nxelink_links 12\n" in done.stdout


def test_flags_of_the_go_sidecar_apply(page: Path, plain: Path) -> None:
    """What a flag would do to the labels can be tried without touching the node."""
    done = xelinkd(
        *("show", "--config", plain, page, "-lane-count", "17", "--label-namespace=a.example"),
        *("--format", "labels", "-logtostderr"),
    )
    assert (done.returncode, done.stdout) == (0, "a.example/xe-links=\n")
    assert "no effect" in done.stderr


@pytest.mark.parametrize("form", ["text", "labels", "json"])
def test_incomplete_page_is_shown_with_a_warning(plain: Path, form: str) -> None:
    """A page with a gap is shown, with a word about the gap that does not get into the output's way."""
    lines = recorded("max1550-1x2-nolink").split(b"\n")
    lines.remove(next(line for line in lines if line.startswith(b"xpum_topology_link{")))
    done = xelinkd("show", "--config", plain, f"--format={form}", "-", stdin=b"\n".join(lines))
    assert done.returncode == 0
    assert done.stderr == "xelinkd: warning: the page is incomplete: no row for 0.0 to 0.0\n"
    if form == "text":
        assert "0.0      ?  MDF" in done.stdout
    if form == "json":
        assert (json.loads(done.stdout)["complete"], json.loads(done.stdout)["gap"]) == (
            False,
            "no row for 0.0 to 0.0",
        )


def test_ends_that_disagree_are_told(plain: Path) -> None:
    """A link whose ends count different lanes is shown, and pointed out."""
    page = recorded("max1100-2x1-bridge")
    changed = page.replace(b'lane_count="8"', b'lane_count="4"', 1)
    done = xelinkd("show", "--config", plain, "-", stdin=changed)
    assert done.returncode == 0
    assert "warning: a link's ends disagree: 0.0-1.0: 4 and 8 lanes" in done.stderr


@pytest.mark.parametrize(("name", "reason"), [("topo-error", "no_family"), ("error-500", "not_exposition")])
def test_unknown_topology(plain: Path, name: str, reason: str) -> None:
    """A page that does not tell the topology gives status 1, the reason, and no output at all."""
    done = xelinkd("show", "--config", plain, "-", stdin=recorded(name))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"xelinkd: topology unknown ({reason}): ")
    assert done.stderr.count("\n") == 1


def test_source_that_does_not_answer(plain: Path) -> None:
    """A port where nothing listens is named, with what to look at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/metrics"
        done = xelinkd("show", "--config", plain, url)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"(refused): {url}: " in done.stderr


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("nowhere.prom", "nowhere.prom: No such file or directory"),
        (str(RECORDED), f"{RECORDED}: Is a directory"),
        ("http://[", "http://[: Failed to parse"),
    ],
)
def test_no_such_page(plain: Path, source: str, sentence: str) -> None:
    """A page that is not there is told in a sentence, with status 2."""
    done = xelinkd("show", "--config", plain, source)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"xelinkd: {sentence}")
    assert done.stderr.count("\n") == 1
