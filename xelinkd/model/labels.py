"""From a topology to Node Feature Discovery's labels, byte for byte as Intel's Go sidecar makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from xelinkd.model.summary import LARGEST_GROUP, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xelinkd.model.topology import Sighting, Topology

LABEL_NAME: Final = "xe-links"
MAX_VALUE_LENGTH: Final = 63  # characters of a label's value; Kubernetes
CONTINUATION: Final = "Z"  # begins every part but the first, for a value may not begin with "_" or "."


class LabelRules(Protocol):
    """Which links become labels, and what stands before their name."""

    @property
    def namespace(self) -> str:
        """A DNS sub-domain."""

    @property
    def min_lanes(self) -> int:
        """Links with fewer lanes are left out."""

    @property
    def allow_subdeviceless(self) -> bool:
        """Take links of devices without sub-devices, too."""

    @property
    def summary(self) -> bool:
        """Give labels of what the links add up to, too."""


def label_lines(topology: Topology, rules: LabelRules) -> tuple[str, ...]:
    """Give the feature file's lines, `<namespace>/xe-links[N]=<part>`; one with an empty value for no links.

    Rules read from xpumanager_sidecar (intel-device-plugins-for-kubernetes 0.31). The summary, if it is asked
    for, comes after them.
    """
    wanted = _wanted(topology, rules)
    pairs = _pairs(wanted)
    parts = split_value("_".join(pairs))
    labels = [(f"{LABEL_NAME}{n if n > 1 else ''}", part) for n, part in enumerate(parts, 1)]
    if rules.summary:
        labels += summary(topology.tiles, wanted, len(pairs))
    return tuple(f"{rules.namespace}/{name}={value}" for name, value in labels)


def link_pairs(topology: Topology, rules: LabelRules) -> tuple[str, ...]:
    """Give `A.a-B.b` for each link, once, in the order of first sight."""
    return _pairs(_wanted(topology, rules))


def _wanted(topology: Topology, rules: LabelRules) -> tuple[Sighting, ...]:
    return tuple(
        seen
        for seen in topology.sightings
        if seen.lanes >= rules.min_lanes and (seen.on_subdevice or rules.allow_subdeviceless)
    )


def _pairs(wanted: Iterable[Sighting]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_pair(seen) for seen in wanted))


def _pair(seen: Sighting) -> str:
    """Put the smaller device first; on equal devices the remote end, as the Go program does."""
    if seen.local.device < seen.remote.device:
        return f"{seen.local}-{seen.remote}"
    return f"{seen.remote}-{seen.local}"


def ends_of(pairs: Iterable[str]) -> set[frozenset[str]]:
    """Give the tiles of each pair `A.a-B.b`, whichever of them comes first."""
    return {frozenset(pair.split("-")) for pair in pairs}


def left_out(topology: Topology, rules: LabelRules) -> tuple[Sighting, ...]:
    """Give the sightings of the links that do not become labels."""
    labelled = ends_of(link_pairs(topology, rules))
    return tuple(
        seen for seen in topology.sightings if frozenset((str(seen.local), str(seen.remote))) not in labelled
    )


def too_few_lanes(unlabelled: Iterable[Sighting], rules: LabelRules) -> set[int]:
    """Give the numbers of lanes that `min_lanes` leaves out."""
    return {seen.lanes for seen in unlabelled if seen.lanes < rules.min_lanes}


def are_subdeviceless(unlabelled: Iterable[Sighting], rules: LabelRules) -> bool:
    """Tell whether `allow_subdeviceless` leaves some out."""
    return not rules.allow_subdeviceless and any(not seen.on_subdevice for seen in unlabelled)


def split_value(value: str) -> tuple[str, ...]:
    """Cut a value into parts that Kubernetes takes; without their leading Z they join to the whole."""
    return tuple(_parts(value))


def join_value(parts: Iterable[str]) -> str:
    """Join the parts of a value, as readers do: each leading Z is dropped."""
    return "".join(part.removeprefix(CONTINUATION) for part in parts)


def link_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Give the label lines that name links: all but the summary's."""
    return tuple(line for line in lines if line.partition("/")[2].startswith(LABEL_NAME))


def pairs_of(lines: Iterable[str]) -> tuple[str, ...]:
    """Give the pairs that label lines stand for."""
    value = join_value(line.partition("=")[2] for line in link_lines(lines))
    return tuple(value.split("_")) if value else ()


def summary_of(lines: Iterable[str]) -> tuple[str, ...]:
    """Give what the summary's label lines say: `name=value`, without the namespace."""
    bare = (line.partition("/")[2] for line in lines)
    return tuple(label for label in bare if not label.startswith(LABEL_NAME))


def group_is_unknown(lines: Iterable[str]) -> bool:
    """Tell whether there is a summary that lacks the largest group."""
    summed = summary_of(lines)
    return bool(summed) and not any(label.startswith(f"{LARGEST_GROUP}=") for label in summed)


def _parts(value: str) -> Iterator[str]:
    end = _end_of_part(value, 0, MAX_VALUE_LENGTH)
    yield value[:end]
    while end < len(value):
        start, end = end, _end_of_part(value, end, MAX_VALUE_LENGTH - len(CONTINUATION))
        yield CONTINUATION + value[start:end]


def _end_of_part(value: str, start: int, width: int) -> int:
    """Find where a part of up to width characters ends: after an alphanumeric one, as a value must."""
    end = min(start + width, len(value))
    while end > start and not value[end - 1].isalnum():
        end -= 1
    return end
