"""Lines for Slurm's gres.conf that tell which GPUs are well linked.

Rules read from Slurm 22.05 to 25.11 (gres.conf(5), `gres_links_validate`, gpu/oneapi): a line is one GPU;
`Links=` has a number for each GPU of the node, in the order of the lines, -1 at its own place and nowhere
else, none above 1023; higher is better. Slurm knows GPUs, not tiles, and numbers them by PCI address.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from xelinkd.model.topology import place_on_the_bus
from xelinkd.model.words import listed
from xelinkd.outputs.format import NotToldError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xelinkd.model.topology import Card, Topology
    from xelinkd.outputs.format import Options, Snapshot

MARK: Final = (
    b"# Written by xelinkd for Slurm's gres.conf: the GPUs of this node, and how well XeLink joins them.\n"
)
STAYS: Final = True  # slurmd does not start without a file that gres.conf includes

MOST_GPUS: Final = 128  # as many as the largest page shows; the lines grow by the square
MOST_LINKS: Final = 1023  # GRES_MAX_LINK
ITSELF: Final = -1

_ADVICE: Final = b"""\
# Links= counts the lanes to each GPU, in the order of the lines. They need AutoDetect=off: AutoDetect=oneapi
# detects no links, and Slurm refuses lines that differ from what it detected.
# slurmd reads this when it starts, and at `scontrol reconfigure`.
"""


def render(snapshot: Snapshot, options: Options) -> bytes:
    """Give a line for each GPU, in the order of their PCI addresses.

    Raises:
        NotToldError: the source does not tell each GPU's file and PCI address.

    """
    cards = _in_order(snapshot.topology)
    lanes = _lanes(snapshot.topology)
    kind = f" Type={options.gpu_type}" if options.gpu_type else ""
    lines = (
        f"Name=gpu{kind} File=/dev/dri/{card.dev_file} Links={_links(card, cards, lanes)}\n" for card in cards
    )
    return MARK + _ADVICE + "".join(lines).encode()


def _links(card: Card, cards: Iterable[Card], lanes: Counter[tuple[int, int]]) -> str:
    numbers = (
        ITSELF if other is card else min(lanes[card.device, other.device], MOST_LINKS) for other in cards
    )
    return ",".join(map(str, numbers))


def _lanes(topology: Topology) -> Counter[tuple[int, int]]:
    """Count the lanes from GPU to GPU, in both directions: the sum over their tiles."""
    lanes: Counter[tuple[int, int]] = Counter()
    for (a, b), number in topology.lanes_by_link().items():
        lanes[a.device, b.device] += number
        lanes[b.device, a.device] += number
    return lanes


def _in_order(topology: Topology) -> tuple[Card, ...]:
    devices = set(topology.devices())
    if len(devices) > MOST_GPUS:
        raise NotToldError(f"{len(devices)} GPUs are more than any node has: is that real?")
    cards = [card for card in topology.cards if card.device in devices]
    _expect_all(devices - {card.device for card in cards})
    _expect_no_two("number", [str(card.device) for card in cards])  # else the square has no bounds
    _expect_no_two("file", [card.dev_file for card in cards])
    _expect_no_two("PCI address", [card.pci_bdf.lower() for card in cards])
    return tuple(sorted(cards, key=lambda card: place_on_the_bus(card.pci_bdf)))


def _expect_all(lacking: set[int]) -> None:
    if lacking:
        gpus = listed(map(str, sorted(lacking)), 4)
        raise NotToldError(
            f"the source does not tell file and PCI address of GPU {gpus}:"
            " XPU Manager's metrics page and Level Zero do (source.kind), XPU Manager's REST server does not"
        )


def _expect_no_two(what: str, names: list[str]) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise NotToldError(f"two GPUs have the same {what}: {listed(twice, 4)}")
