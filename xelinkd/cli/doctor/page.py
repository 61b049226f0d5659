"""XPU Manager's page: login, answer, kind of page, topology, and what becomes labels. One fetch, no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xelinkd.cli.doctor.finding import broken, not_looked_at, note, well
from xelinkd.model.feature_file import FeatureFile, TooLargeError, render
from xelinkd.model.labels import (
    are_subdeviceless,
    ends_of,
    group_is_unknown,
    label_lines,
    left_out,
    link_pairs,
    too_few_lanes,
)
from xelinkd.model.login import Answer
from xelinkd.model.page import Page
from xelinkd.model.summary import GROUP_UNKNOWN
from xelinkd.model.topology import lane_disagreements
from xelinkd.model.unknown import Reason
from xelinkd.model.words import count, listed, size_of
from xelinkd.sources.auto import FIRST_CHOICE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xelinkd.cli.doctor.finding import Finding
    from xelinkd.config.schema import Config, Labels
    from xelinkd.model.topology import Sighting
    from xelinkd.sources.source import Seen
    from xelinkd.views.documents.status_document import Document

STEPS: Final = ("login", "answer", "page", "topology", "labels")

_BROKEN_STEP: Final[Mapping[Reason, str]] = {
    Reason.PASSWORD_UNREADABLE: "login",
    Reason.UNAUTHORIZED: "login",
    Reason.NOT_EXPOSITION: "page",
    Reason.NOT_JSON: "page",
    Reason.XPUM2: "page",
    Reason.XPUM_ERROR: "topology",
    Reason.NO_FAMILY: "topology",
    Reason.NO_SAMPLES: "topology",
    Reason.MALFORMED: "topology",
}
_ADVICE: Final[Mapping[Reason, str]] = {
    Reason.PASSWORD_UNREADABLE: "put the password into the first line of source.password_file",
    Reason.UNAUTHORIZED: "correct source.user or the password file; each failed login slows XPU Manager down",
    Reason.TIMEOUT: "look at XPU Manager's log; failed logins, anybody's, slow it down for minutes",
    Reason.HTTP_STATUS: "look at XPU Manager's log; where a pod took or left a GPU, restart its exporter",
    Reason.REDIRECT: "put the address that it points to into the configuration, if it is XPU Manager's",
    Reason.XPUM2: 'set source.kind = "level-zero" (docs/level-zero.md), or install XPU Manager 1.3',
    Reason.NOT_EXPOSITION: "put the address of XPU Manager's /metrics page into source.url",
    Reason.NOT_JSON: "put the address of XPU Manager's /rest/v1/topology/xelink into source.rest_url",
    Reason.XPUM_ERROR: "look at XPU Manager's log, and at the GPUs' driver; restarting XPU Manager may help",
    Reason.NO_FAMILY: "look at XPU Manager's log, and at the GPUs' driver; restarting XPU Manager may help",
}
LEVEL_ZERO_ADVICE: Final[Mapping[Reason, str]] = {
    Reason.NO_LIBRARY: "install Level Zero's loader (1.10 or newer) and the GPUs' driver: docs/level-zero.md",
    Reason.NO_GPU: "look whether this node has Intel GPUs, and whether their driver is loaded (`lspci -k`)",
    Reason.NO_RIGHTS: "let xelinkd open all of /dev/dri: by the group render, or by a device plugin",
    Reason.NETWORK_NAMESPACE: "run xelinkd in the node's own network: hostNetwork, no PrivateNetwork=",
    Reason.NO_PORTS: "install libnl-genl-3, and look for iaf in the kernel's log (docs/level-zero.md)",
    Reason.TIMEOUT: "look at the kernel's log; where the driver is only slow, raise source.deadline",
}
_DRIVERS_ADVICE: Final = "look at the kernel's log, and compare with another source: `xelinkd show --compare`"
_OTHER_ADVICE: Final = "look at what else listens there, at proxies, and at XPU Manager's log"


def login_waits(document: Document) -> Iterator[Finding]:
    """Tell what the running xelinkd knows of the login, instead of another one that may fail."""
    why = document.source.detail or "a login failed, or may have"
    until = f"the running xelinkd waits until {document.fetches.next_at}: {why}"
    yield broken("login", until, _ADVICE[Reason.UNAUTHORIZED])
    yield from not_looked_at(STEPS[1:], "another failed login would slow XPU Manager down for everybody")


def look_at_page(seen: Seen, config: Config) -> Iterator[Finding]:
    """Tell what came of the fetch, step by step."""
    page = seen.outcome
    if isinstance(page, Page):
        yield from _first_steps(seen, config, len(STEPS))
        yield _topology(page)
        yield _labels(page, config.labels)
        return
    step = _BROKEN_STEP.get(page.reason, "answer")
    number = STEPS.index(step)
    yield from _first_steps(seen, config, number)
    yield broken(step, page.detail, _advice(page.reason, config))
    yield from not_looked_at(STEPS[number + 1 :], f"the {step} is broken")


def _advice(reason: Reason, config: Config) -> str:
    if config.source.urls:
        return _ADVICE.get(reason, _OTHER_ADVICE)
    return LEVEL_ZERO_ADVICE.get(reason, _DRIVERS_ADVICE)


def _first_steps(seen: Seen, config: Config, number: int) -> Iterator[Finding]:
    page = "of XPU Manager 1" if seen.address in config.source.urls else "not used: the GPUs were asked"
    steps = (_login(seen, config), _answer(seen, config), well("page", page))
    yield from steps[:number]


def _login(seen: Seen, config: Config) -> Finding:
    user = config.source.user
    if seen.login is Answer.REFUSED:
        return note("login", f"user {user} is refused by REST", _ADVICE[Reason.UNAUTHORIZED])
    if seen.login is Answer.ACCEPTED:
        return well("login", f"user {user} is let in")
    return well("login", "none was needed" if user else "none is configured, and none is asked for")


def _answer(seen: Seen, config: Config) -> Finding:
    found = f"{seen.address} {'sent a page' if seen.address in config.source.urls else 'showed the ports'}"
    if seen.chosen in {None, FIRST_CHOICE}:
        return well("answer", found)
    return note("answer", f"{found}; not REST: {seen.chosen}", "see docs/xpu-manager-rest.md for that")


def _topology(page: Page) -> Finding:
    topology = page.topology
    links, devices = topology.lanes_by_link(), topology.devices()
    found = size_of(len(devices), len(topology.tiles), len(links))
    if page.gap:
        advice = "it is believed after it came so source.incomplete_fetches times; is a GPU missing?"
        return note("topology", f"{found}; not complete: {page.gap}", advice)
    if odd := lane_disagreements(topology):
        return note(
            "topology", f"{found}; ends disagree: {listed(odd, 4)}", "look at the cabling and the GPUs"
        )
    if not links and len(devices) > 1:
        advice = "if this machine has XeLink, look at the bridges and cabling, and at `xelinkd show`"
        return note("topology", f"{found}: no XeLink is up", advice)
    return well("topology", f"{found}, complete")


def _labels(page: Page, rules: Labels) -> Finding:
    labelled, unlabelled = ends_of(link_pairs(page.topology, rules)), left_out(page.topology, rules)
    lines = label_lines(page.topology, rules)
    if labelled and (too_large := _too_large(lines)):
        return broken("labels", too_large, "raise labels.min_lanes")
    if group_is_unknown(lines):
        return note(
            "labels", GROUP_UNKNOWN, "ask for xelink-all-linked or xelink-count instead (docs/labels.md)"
        )
    if not unlabelled:
        return well("labels", f"{count(len(labelled), 'link')}, none left out")
    links = len(page.topology.lanes_by_link())
    found = f"{count(len(labelled), 'link')} of {links}: {'; '.join(_why(unlabelled, rules))}"
    tell = note if labelled else broken
    return tell("labels", found, _remedy(unlabelled, rules))


def _too_large(lines: tuple[str, ...]) -> str | None:
    try:
        render(FeatureFile(lines, 0))
    except TooLargeError as error:
        return str(error)
    return None


def _why(unlabelled: Sequence[Sighting], rules: Labels) -> Iterator[str]:
    """Say which rule leaves links out."""
    if lanes := too_few_lanes(unlabelled, rules):
        counts = listed(map(str, sorted(lanes)), 4)
        yield f"links of {counts} lanes are left out by labels.min_lanes = {rules.min_lanes}"
    if are_subdeviceless(unlabelled, rules):
        yield "links of GPUs without sub-devices are left out by labels.allow_subdeviceless = false"


def _remedy(unlabelled: Sequence[Sighting], rules: Labels) -> str:
    ways = []
    if lanes := too_few_lanes(unlabelled, rules):
        ways.append(f"labels.min_lanes = {min(lanes)}")
    if are_subdeviceless(unlabelled, rules):
        ways.append("labels.allow_subdeviceless = true (Max 1100 has no sub-devices)")
    return f"if you want them as labels, set {' and '.join(ways)}"
