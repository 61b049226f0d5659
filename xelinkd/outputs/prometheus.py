"""The links as metrics, for the textfile collector of Prometheus' node_exporter.

Text format 0.0.4, written by hand: the only texts in it are numbers, `card1` and PCI addresses, which need no
escapes, and the format is to cost no import where it is not asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xelinkd.model.topology import Card, Tile, Topology
    from xelinkd.outputs.format import Options, Snapshot

    Labels = Iterable[tuple[str, object]]
    Samples = Iterable[tuple[Labels, int]]

MARK: Final = b"# Written by xelinkd: the GPUs of this node and their XeLinks.\n"
STAYS: Final = False  # a metric that nothing confirms is no metric


def render(snapshot: Snapshot, _options: Options) -> bytes:
    """Give a sample for each link and each GPU, and what they add up to."""
    return MARK + "".join(f"{line}\n" for line in _lines(snapshot.topology, snapshot.gap)).encode()


def _lines(topology: Topology, gap: str | None) -> Iterator[str]:
    links = topology.lanes_by_link()
    yield from _family("gpus", "GPUs.", [((), len(topology.devices()))])
    yield from _family("tiles", "Tiles of all GPUs together.", [((), len(topology.tiles))])
    yield from _family("links", "XeLinks between tiles.", [((), len(links))])
    yield from _family("lanes", "Lanes of all XeLinks together.", [((), sum(links.values()))])
    yield from _family("complete", "Whether all pairs of tiles were shown.", [((), int(gap is None))])
    yield from _family("gpu_info", "How Linux knows a GPU.", ((_of_card(card), 1) for card in topology.cards))
    yield from _family(
        "link_lanes",
        "Lanes of a XeLink; each link is there once.",
        ((_of_link(*ends), lanes) for ends, lanes in links.items()),
    )


def _family(name: str, meaning: str, samples: Samples) -> Iterator[str]:
    yield f"# HELP xelink_{name} {meaning}"
    yield f"# TYPE xelink_{name} gauge"
    for labels, value in samples:
        named = ",".join(f'{label}="{text}"' for label, text in labels)
        yield f"xelink_{name}{{{named}}} {value}" if named else f"xelink_{name} {value}"


def _of_card(card: Card) -> Labels:
    return ("gpu", card.device), ("dev_file", card.dev_file), ("pci_bdf", card.pci_bdf)


def _of_link(tile: Tile, peer: Tile) -> Labels:
    return ("gpu", tile.device), ("tile", tile), ("peer_gpu", peer.device), ("peer_tile", peer)
