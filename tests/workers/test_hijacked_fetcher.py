"""A fetcher that an attacker has taken over, and what its writer makes of what it sends."""

from __future__ import annotations

import json
import math
import pickle
import re
import struct
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from support import prepared

from standins.api_server import ApiServer
from xelinkd.model.observation import MAX_MESSAGE_SIZE, Known, encode
from xelinkd.model.topology import Sighting, Tile, Topology

if TYPE_CHECKING:
    from pathlib import Path

    from support.daemon import Daemon

LABEL = re.compile(
    r"gpu\.intel\.com/(xe-links([2-9]|[1-9]\d+)?=(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
    r"|xelink-(count|min-lanes|largest-group)=\d+|xelink-all-linked=(true|false))"
)
GRES_LINE = re.compile(r"Name=gpu File=/dev/dri/card[12] Links=(-1,\d{1,4}|\d{1,4},-1)")
TILES = [[0, 0], [1, 0]]
LINK = [[0, 0], [1, 0], 4, True]


def framed(message: bytes) -> bytes:
    """Give a message as multiprocessing's pipes frame it."""
    return struct.pack("!i", len(message)) + message


def packed(*parts: Any) -> bytes:  # noqa: ANN401  whatever an attacker may send
    """Give a framed message with any content."""
    return framed(msgspec.msgpack.encode(parts))


def known(tiles: Any, sightings: Any, at: Any = 1.0) -> bytes:  # noqa: ANN401  as above
    """Give a framed observation with anything in it."""
    return packed("known", [tiles, sightings], at)


def with_card(card: Any) -> bytes:  # noqa: ANN401  as above
    """Give a framed observation with one GPU as Linux would know it."""
    return packed("known", [TILES, [LINK], [card]], 1.0)


def outcome(daemon: Daemon, sent: bytes, kind: str = "whole", outputs: str = "") -> str:
    """Let the daemon's writer take what a fetcher sent; give what became of it."""
    daemon.configure(labels={"min_lanes": 0, "summary": True})
    daemon.config.write_text(daemon.config.read_text() + outputs)
    status, output, errors = prepared.run("-m", "support.hijacked", str(daemon.config), kind, stdin=sent)
    assert status == 0, errors.decode()
    daemon.log.write_bytes(errors)
    return output.decode().strip()


REFUSED = {
    "nothing": framed(b""),
    "a pickle": framed(pickle.dumps(print)),
    "JSON": framed(json.dumps(["known", [[], []], 1.0]).encode()),
    "noise": framed(bytes(range(256)) * 16),
    "deep": framed(b"\x91" * 100_000),
    "deep maps": framed(b"\x81\x01" * 100_000),
    "larger than allowed": framed(bytes(MAX_MESSAGE_SIZE + 1)),
    "a size that lies": struct.pack("!i", 0x7FFF_FFFF) + bytes(64),
    "a huge size": struct.pack("!iQ", -1, 1 << 62) + bytes(64),
    "a negative size": struct.pack("!i", -2) + bytes(64),
    "an array that claims billions": framed(b"\x93\xa5known\x92\xdd\xff\xff\xff\xff"),
    "a string that claims billions": framed(b"\x93\xa5known\xdb\xff\xff\xff\xff"),
    "two messages in one": framed(2 * msgspec.msgpack.encode(["known", [TILES, [LINK]], 1.0])),
    "another tag": packed("believe me", [TILES, [LINK]], 1.0),
    "a field too many": packed("known", [TILES, [LINK]], 1.0, None, "more"),
    "a gap with a long story": packed("known", [TILES, [LINK]], 1.0, "x" * 301),
    "a gap with a new line": packed("known", [TILES, [LINK]], 1.0, "no row\n"),
    "a card with a new line": with_card([0, "card1\n", "0000:18:00.0"]),
    "a card with a line of its own": with_card([0, "card1\nName=gpu File=/dev/sda\n", "0000:18:00.0"]),
    "a card with another option": with_card([0, "card1 Type=x", "0000:18:00.0"]),
    "another folder": with_card([0, "../sda", "0000:18:00.0"]),
    "a card in other digits": with_card([0, "card\u0661", "0000:18:00.0"]),
    "a PCI address with a new line": with_card([0, "card1", "0000:18:00.0\n"]),
    "a PCI address that is a text": with_card([0, "card1", '"} 1\nevil{a="']),
    "a card without a number": with_card(["0\n", "card1", "0000:18:00.0"]),
    "a field too few": packed("known", [TILES, [LINK]]),
    "no moment": known(TILES, [LINK], None),
    "a moment that is no number": known(TILES, [LINK], math.nan),
    "a moment before all time": known(TILES, [LINK], -math.inf),
    "a text for an id": known([["0", 0]], []),
    "a dynamic value": known([["@/etc/shadow", 0]], [[["@/etc/shadow", 0], [1, 0], 4, True]]),
    "a new line": known(TILES, [[["0\nkubernetes.io/evil=1\n", 0], [1, 0], 4, True]]),
    "another namespace": known(TILES, [[["kubernetes.io/role=", 0], [1, 0], 4, True]]),
    "a negative id": known([[-1, 0]], []),
    "a fraction": known([[0.5, 0]], []),
    "a number of lanes that is a text": known(TILES, [[[0, 0], [1, 0], "4", True]]),
    "lines instead of a topology": packed("known", ["gpu.intel.com/xe-links=@x"], 1.0),
    "an unknown reason": packed("unknown", "because", "of me"),
    "a reason with a long story": packed("unknown", "dns", "x" * 10_000),
}


def test_api_server_is_not_flooded(daemon: Daemon, tmp_path: Path) -> None:
    """Other links a thousand times a second are two requests to the API server in an interval."""
    with ApiServer(tmp_path).serving() as cluster:
        settings = cluster.settings()
        daemon.configure(
            source={"interval": "400ms"},
            sink={"kind": "node-feature"},
            node_feature={**settings, "lease": "366d"},
        )
        began = time.monotonic()
        assert outcome(daemon, (known(TILES, [LINK]) + known(TILES, [])) * 100, "12") == "taken in"
        assert len(cluster.requests("PATCH")) <= 1 + (time.monotonic() - began) / 0.2


def test_feature_file_is_not_rewritten_all_the_time(daemon: Daemon) -> None:
    """Other links a thousand times a second are two writes in an interval, to the disk and for NFD."""
    daemon.configure(source={"interval": "400ms"})
    began = time.monotonic()
    assert outcome(daemon, (known(TILES, [LINK]) + known(TILES, [])) * 100, "12") == "taken in"
    assert 2 <= len(daemon.events("labels_changed")) <= 1 + (time.monotonic() - began) / 0.2


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_observation_ends_the_writer(daemon: Daemon, sent: bytes) -> None:
    """Whatever is not an observation ends the pipeline with an error that is told, and no label changes."""
    daemon.file.write_text("gpu.intel.com/xe-links=0.0-1.0\n")
    assert outcome(daemon, sent) == "exit status 70"
    assert [event["process"] for event in daemon.events("worker_crashed")] == ["writer"]
    assert daemon.labels() == ["gpu.intel.com/xe-links=0.0-1.0"]


ACCEPTED = {
    "no links at all": known([], []),
    "ids as large as they get": known([], [[[2**64 - 1, 2**64 - 1], [2**64 - 2, 0], 2**64 - 1, True]] * 3),
    "a link with itself": known(TILES, [[[0, 0], [0, 0], 4, True]]),
    "tiles that no row names": known([], [LINK]),
    "thousands of links": known([], [[[n, 0], [n + 1, 0], 4, True] for n in range(3_000)]),
    "a GPU linked to all of thousands": known([], [[[0, 0], [n, 0], 4, True] for n in range(1, 4_000)]),
    "a moment yet to come": known(TILES, [LINK], 1e300),
}


@pytest.mark.parametrize("sent", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_is_a_lie_still_keeps_the_grammar(daemon: Daemon, sent: bytes) -> None:
    """A lie in the form of an observation can name wrong links, but never anything but labels of ours."""
    assert outcome(daemon, sent) == "taken in"
    text = daemon.file.read_text() if daemon.file.exists() else ""
    labels = [line for line in text.splitlines() if not line.startswith("# +expiry-time=")]
    assert all(LABEL.fullmatch(line) for line in labels)
    assert all(len(line.partition("=")[2]) <= 63 for line in labels)


CARDS = [[0, "card1", "0000:18:00.0"], [1, "card2", "0000:29:00.0"]]
HUGE = 2**64 - 1
LIES_ABOUT_GPUS = {
    "others than there are": [TILES, [LINK], CARDS],
    "links beyond all tiles": [TILES, [[[0, 0], [HUGE, 0], 4, True], LINK], CARDS],
    "more lanes than there can be": [TILES, [[[0, 0], [1, 0], HUGE, True]] * 3, CARDS],
    "two with one file": [TILES, [LINK], [CARDS[0], [1, "card1", "0000:29:00.0"]]],
    "one twice": [TILES, [LINK], [*CARDS, CARDS[0]]],
    "thousands": [[[n, 0] for n in range(5_000)], [], [[n, "card1", "0000:18:00.0"] for n in range(5_000)]],
}


@pytest.mark.parametrize("topology", LIES_ABOUT_GPUS.values(), ids=LIES_ABOUT_GPUS.keys())
def test_no_lie_adds_a_line_to_gres_conf(daemon: Daemon, topology: Any) -> None:  # noqa: ANN401  as above
    """Slurm reads of the node's GPUs or of nothing, whatever the fetcher sends; labels are kept besides."""
    file = daemon.folder / "gres.conf"
    section = f'[[outputs]]\nformat = "slurm"\nfile = "{file}"\n'
    assert outcome(daemon, packed("known", topology, 1.0), outputs=section) == "taken in"
    lines = file.read_text().splitlines() if file.exists() else []
    gpus = [line for line in lines if not line.startswith("# ")]
    assert all(GRES_LINE.fullmatch(line) for line in gpus)
    assert len(gpus) in {0, 2}
    assert daemon.labels()


def test_message_that_breaks_off(daemon: Daemon) -> None:
    """Half a message from a fetcher that died changes nothing, and the writer ends in order."""
    daemon.file.write_text("gpu.intel.com/xe-links=0.0-1.0\n")
    topology = Topology((Tile(0, 0),), (Sighting(Tile(0, 0), Tile(1, 0), 4, on_subdevice=True),))
    message = framed(encode(Known(topology, 1.0)))
    assert outcome(daemon, message[:-1], "broken off") == "exit status 0"
    assert daemon.labels() == ["gpu.intel.com/xe-links=0.0-1.0"]
