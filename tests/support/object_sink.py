"""A sink that keeps labels in an object of a stand-in's cluster; clock and chance are the tests' own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from support.keeping import LEASE, ONE, WALL

from xelinkd.config.sinks import NodeFeature
from xelinkd.model.feature_file import FeatureFile
from xelinkd.sinks.node_feature import NodeFeatureSink
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.memory import Memory

if TYPE_CHECKING:
    from support.keeping import Clock

    from standins.api_server import ApiServer

FILE: Final = FeatureFile(ONE, WALL + 1000)


def settings_of(cluster: ApiServer, **others: Any) -> NodeFeature:  # noqa: ANN401  any keys
    """Give the settings that lead to a cluster."""
    given: dict[str, Any] = cluster.settings(**others)
    return NodeFeature(**given | {"credentials_dir": Path(given["credentials_dir"])})


def new_sink(cluster: ApiServer, clock: Clock, chance: float = 1.0, **others: Any) -> NodeFeatureSink:  # noqa: ANN401  any keys
    """Give a sink that knows nothing yet."""
    settings = settings_of(cluster, **others)
    return NodeFeatureSink(settings, lambda: None, clock=clock, chance=lambda: chance)


def keeper_of(sink: NodeFeatureSink, clock: Clock, memory: Memory | None = None) -> Keeper:
    """Give a keeper at the beginning of its life."""
    return Keeper(sink, LEASE, clock, memory or Memory())
