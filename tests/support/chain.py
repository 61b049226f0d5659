"""A whole chain for the doctor to walk: XPU Manager, configuration, folder, file, running xelinkd."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.daemon import toml
from support.states import GOOD, SUPERVISION, changed, replace

from xelinkd import __version__
from xelinkd.cli.doctor.finding import Outcome
from xelinkd.cli.doctor.verb import walk
from xelinkd.config.keys import in_force
from xelinkd.config.load import load
from xelinkd.config.toml_text import toml_value
from xelinkd.state.told import Setting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from support.pages import PageServer
    from support.status_server import StatusServer

    from xelinkd.cli.doctor.finding import Finding
    from xelinkd.config.load import Loaded


@dataclass
class Chain:
    """Its links, all of them well; a test breaks one."""

    folder: Path
    xpum: PageServer
    service: StatusServer
    settings: dict[str, dict[str, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the folder, and a xelinkd that runs with this configuration."""
        self.features = self.folder / "features.d"
        self.features.mkdir()
        self.file = self.features / "xpum-sidecar-labels.txt"
        self.config = self.folder / "xelinkd.toml"
        self.configure()
        self.service.state = replace(GOOD, supervision=changed(SUPERVISION, version=__version__))
        self.tell_settings()

    def configure(self, **changes: Mapping[str, object]) -> None:
        """Write the configuration, with some keys changed."""
        base: dict[str, dict[str, object]] = {
            "source": {"url": self.xpum.url},
            "feature_file": {"path": str(self.file)},
            "status": {"listen": self.service.listen},
        }
        for section, keys in changes.items():
            base.setdefault(section, {}).update(keys)
        self.config.write_text(toml(base))

    def tell_settings(self) -> None:
        """Let the running xelinkd have the configuration as it is now."""
        config = self.load().config
        settings = tuple(Setting(key, toml_value(value), "file") for key, value in in_force(config).items())
        supervision = self.service.state.supervision
        configuration = changed(supervision.configuration, path=str(self.config), settings=settings)
        self.service.state = replace(
            self.service.state, supervision=changed(supervision, configuration=configuration)
        )

    def load(self) -> Loaded:
        """Read the configuration as the doctor does."""
        return load(self.config, required=True)

    def findings(self) -> dict[str, Finding]:
        """Let the doctor walk; give what it finds, by step."""
        return {finding.step: finding for finding in walk(self.load)}

    def broken(self) -> list[str]:
        """Let the doctor walk; name the steps that are broken."""
        return [step for step, found in self.findings().items() if found.outcome is Outcome.BROKEN]
