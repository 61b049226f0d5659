"""Where labels go in the demo, and how that fails."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final, Self

import yaml

from demo.stage import FILE, FOLDER, LINK, pause, say, scene, show, since, told, wait_for
from standins.api_server import ApiServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from demo.actors import Sink, Source


class FeatureFile:
    """A feature file, from which NFD makes node labels."""

    settings: Final = f'[feature_file]\npath = "{FILE}"\n'
    beginning: Final = 2  # lines that are enough to know it by

    def __enter__(self) -> Self:
        """Have the folder."""
        FILE.parent.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the file for a look at it."""

    def labels(self) -> dict[str, str]:
        """Give the labels in it; none without a file."""
        with suppress(FileNotFoundError):
            lines = [line.partition("=") for line in self.shown().splitlines() if not line.startswith("#")]
            return {name: value for name, _, value in lines}
        return {}

    def links(self) -> set[str]:
        """Give the links that it tells of."""
        return links_of(self.labels())

    def shown(self) -> str:
        """Give it as it is."""
        return FILE.read_text()

    def explain(self) -> None:
        """Show it, and what it means."""
        say(f"xelinkd wrote this feature file, from which NFD makes node labels ({len(self.links())} links):")
        show(self.shown())
        say(
            "The first line is the lease: should xelinkd and all else die, NFD drops the labels at that time."
        )

    def fails(self, _source: Source) -> None:
        """Nothing: a disk that fails takes more than a demo (make faults)."""


class NodeFeature:
    """A NodeFeature object in a stand-in for Kubernetes' API server, which is asked over real HTTPS."""

    beginning: Final = 5

    def __init__(self) -> None:
        """Nothing is served yet."""
        self._cluster = ApiServer(FOLDER)
        self._serving = ExitStack()

    def __enter__(self) -> Self:
        """Serve."""
        self._serving.enter_context(self._cluster.serving())
        return self

    def __exit__(self, *_: object) -> None:
        """End; the objects stay, as in a cluster's memory."""
        self._serving.close()

    @property
    def settings(self) -> str:
        """Give what leads to it, for the configuration."""
        keys = (f"{key} = {json.dumps(value)}\n" for key, value in self._cluster.settings().items())
        return f'[sink]\nkind = "node-feature"\n[node_feature]\n{"".join(keys)}'

    def labels(self) -> dict[str, str]:
        """Give the labels in the object; none without one."""
        return self._cluster.labels()

    def links(self) -> set[str]:
        """Give the links that they tell of."""
        return links_of(self.labels())

    def shown(self) -> str:
        """Give it as `kubectl get -o yaml` does, in short."""
        found = self._cluster.object
        if found is None:
            return "there is no object"
        del found["spec"]["features"]  # three empty maps, for NFD's older CRDs
        return yaml.safe_dump(found, width=1000)

    def explain(self) -> None:
        """Show it, and what it means."""
        say("There is no file: xelinkd keeps an object in the cluster, from which NFD makes node labels")
        say(
            f"({len(self.links())} links). `kubectl get nodefeature -n xelinkd -o yaml` would show, in short:"
        )
        show(self.shown())
        say("The annotation is the lease: at its end the object is removed, by xelinkd or by the sweeper.")
        say(f"It took {self._requests()} requests. While nothing changes, no other is made.")

    def fails(self, source: Source) -> None:
        """Let the API server go away; labels are held, and one retry makes up for it."""
        scene("The API server goes away, and a link fails meanwhile:")
        with self._cluster.away():
            source.set_link(LINK, up=False)
            show(told("node_feature_failing"))
            pause(2)
            say(f"The node's labels stay: {len(self.links())} links. xelinkd holds the news.")
            before = self._requests()
        say("The API server comes back:")
        began = time.monotonic()
        wait_for(lambda: LINK not in self.links(), "the label to go")
        took = since(began)
        show(told("node_feature_recovered"))
        say(f"{took} and {self._requests() - before} request later: {len(self.links())} links.")
        source.set_link(LINK, up=True)
        wait_for(lambda: LINK in self.links(), "the label to come back")
        say(f"Then the link comes back, too: {len(self.links())} links.")

    def _requests(self) -> int:
        return len(self._cluster.asked)


SINKS: Final[dict[str, Callable[[], AbstractContextManager[Sink]]]] = {
    "feature-file": FeatureFile,
    "node-feature": NodeFeature,
}


def links_of(labels: Mapping[str, str]) -> set[str]:
    """Give the links that labels tell of."""
    values = (value for name, value in labels.items() if "/xe-links" in name)
    return set("".join(value.removeprefix("Z") for value in values).split("_")) - {""}
