"""A node as far as xelinkd sees it: a folder of feature files, and containers of the image beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from support.daemon import wait_until
from support.image import IMAGE
from support.podman import HARDENED, Container, Podman

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

FEATURES: Final = "/etc/kubernetes/node-feature-discovery/features.d"
# As Intel's sidecar takes them.
GO_FLAGS: Final = ("-lane-count", "4", "-v=2", "-interval=1", "--startup-delay", "0")


@dataclass(frozen=True)
class Runner:
    """Starts containers of the image, and removes them."""

    podman: Podman
    stack: ExitStack

    def __call__(self, *arguments: str, options: tuple[str, ...] = ()) -> Container:
        """Start one, hardened, with these arguments of the program."""
        name = self.podman.says("run", "--detach", *HARDENED, *options, IMAGE, *arguments).strip()
        self.stack.callback(self.podman, "rm", "--force", "--time=0", name)
        return Container(self.podman, name)


@dataclass(frozen=True)
class Node:
    """A node's folder of feature files, and what starts xelinkd on it."""

    features: Path
    run: Runner

    def start(self, *arguments: str, user: str = "0:0") -> Container:
        """Start xelinkd as a user and group, with the folder in its place."""
        options = (f"--user={user}", f"--volume={self.features}:{FEATURES}")
        return self.run(*(arguments or GO_FLAGS), options=options)

    @property
    def file(self) -> Path:
        """The feature file."""
        return self.features / "xpum-sidecar-labels.txt"

    def wait_for_labels(self) -> str:
        """Wait until there are labels, and give the file."""
        wait_until(self.file.exists, "labels")
        return self.file.read_text()
