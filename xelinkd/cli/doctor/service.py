"""The running xelinkd: whether it answers, is ready, and is what this program and its configuration are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xelinkd import __version__
from xelinkd.cli.doctor.finding import broken, not_looked_at, note, well
from xelinkd.config.keys import in_force
from xelinkd.config.toml_text import toml_value
from xelinkd.model.unknown import Reason
from xelinkd.model.words import listed, span
from xelinkd.net.failure import FetchError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.cli.doctor.finding import Finding
    from xelinkd.config.schema import Config
    from xelinkd.views.documents.status_document import Document

STEPS: Final = ("service", "ready", "version", "settings")
_START: Final = "start it (`systemctl start xelinkd`), or see why it ended (`journalctl -u xelinkd`)"
_HIDDEN: Final = "see status.listen of the xelinkd that keeps the file, and its log (`journalctl -u xelinkd`)"
_OTHER: Final = "look at what listens at status.listen, and at the token and certificate of [status]"


def look_at_service(
    asked: Document | FetchError | None, config: Config, *, file_is_kept: bool
) -> Iterator[Finding]:
    """Tell what it answered; None: it could not be asked."""
    if asked is None:
        why = (
            "it asks for a certificate: see --client-cert"
            if config.status.listen
            else "status.listen is empty"
        )
        yield from not_looked_at(STEPS, why)
    elif isinstance(asked, FetchError):
        start = _HIDDEN if file_is_kept else _START
        yield broken(STEPS[0], str(asked), start if asked.reason is Reason.REFUSED else _OTHER)
        yield from not_looked_at(STEPS[1:], "the service does not answer")
    else:
        yield well(STEPS[0], f"answers at {config.status.listen}, up for {span(asked.daemon.uptime_seconds)}")
        yield _readiness(asked)
        yield _version(asked)
        yield _settings(asked, config)


def _readiness(document: Document) -> Finding:
    checks = (*document.live.checks, *document.ready.checks)
    failing = [f"{check.name}: {check.detail}" for check in checks if not check.passed]
    if failing:
        return broken("ready", "; ".join(failing), "mend what is broken above; its log tells more")
    return well("ready", "labels are true and within their lease")


def _version(document: Document) -> Finding:
    if document.daemon.version != __version__:
        found = f"{document.daemon.version} runs, and this is {__version__}"
        return note("version", found, "restart the service, or use the program that belongs to it")
    return well("version", f"{__version__}, as this program")


def _settings(document: Document, config: Config) -> Finding:
    running = {setting.key: setting.value for setting in document.configuration.settings}
    differing = [
        f"{key} = {running[key]} there, {value} here"
        for key, setting in in_force(config).items()
        if (value := toml_value(setting)) != running.get(key, value)
    ]
    if differing:
        advice = "name its file with --config, or give the flags that it was started with"
        return note("settings", f"it runs with others: {listed(differing, 4)}", advice)
    return well("settings", f"as in {document.configuration.path}")
