"""Rules that join keys of the configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd.config.duration import Duration
from xelinkd.config.rules import OBJECT, address_and_port, is_node_name
from xelinkd.config.sinks import DAEMONSET_VARIABLE, NODE_FEATURE, section_of
from xelinkd.config.sinks import KINDS as SINKS
from xelinkd.config.url import is_https, is_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from xelinkd.config.schema import Config


class Bond(Struct, frozen=True):
    """A rule that joins keys: `allowed` tells what the first of them may be, or None if all is well."""

    keys: tuple[str, ...]
    allowed: Callable[[Config], str | None]


def _lease_outlasts_fetches(kind: str) -> Callable[[Config], str | None]:
    def allowed(config: Config) -> str | None:
        least = Duration(3 * config.source.interval + config.source.deadline)
        if config.sink.kind != kind or config.target.lease >= least:
            return None
        return f'at least "{least}", which is 3 x source.interval + source.deadline'

    return allowed


def _heartbeat_outlasts_fetch(config: Config) -> str | None:
    least = Duration(config.source.deadline + 5)
    if config.supervision.heartbeat_deadline >= least:
        return None
    return f'at least "{least}", which is source.deadline + 5s, so that a fetch can end'


def _heartbeat_outlasts_request(config: Config) -> str | None:
    least = Duration(config.node_feature.deadline + 5)
    if config.sink.kind != NODE_FEATURE or config.supervision.heartbeat_deadline >= least:
        return None
    return f'at least "{least}", which is node_feature.deadline + 5s, so that a request can end'


def _node_is_named(config: Config) -> str | None:
    """Take no host's name: it is another in some clusters, and labels would go to a wrong node."""
    if config.sink.kind != NODE_FEATURE or is_node_name(config.node_feature.node_name):
        return None
    return (
        "the node's name in the cluster, or NODE_NAME in the environment: in the container's manifest "
        "env: [{name: NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]"
    )


def _owner_can_be_named(config: Config) -> str | None:
    if config.sink.kind != NODE_FEATURE or OBJECT.holds(config.node_feature.owner):
        return None
    return f"a DNS subdomain, here or as {DAEMONSET_VARIABLE} in the environment, which is none now"


def _server_is_named(config: Config) -> str | None:
    if config.sink.kind != NODE_FEATURE or is_url(config.node_feature.url):
        return None
    return "the API server's address, for this is no pod: KUBERNETES_SERVICE_HOST is not set"


def _is_used_over_https(name: str) -> Callable[[Config], str | None]:
    def allowed(config: Config) -> str | None:
        source = config.source
        if not getattr(source, name) or any(map(is_https, source.urls)):
            return None
        return f'"", or {_https_wanted(config)}: nothing is verified over http'

    return allowed


def _https_wanted(config: Config) -> str:
    keys = config.source.uses.addresses
    return f"an https:// address as source.{keys[0]}" if keys else "a source.kind that asks over https"


def _trust_is_one(config: Config) -> str | None:
    source = config.source
    if sum(map(bool, (source.ca_file, source.pin_file, source.fingerprint))) <= 1:
        return None
    return "only one of source.ca_file, source.pin_file and source.fingerprint"


def _login_is_whole(config: Config) -> str | None:
    if bool(config.source.user) == bool(config.source.password_file):
        return None
    return 'a name where source.password_file is set, and "" where it is not'


def _login_is_sent_safely(config: Config) -> str | None:
    """Who listens there over http, nobody verifies: any user of the node may, while XPU Manager is down."""
    if not config.source.user or any(map(is_https, config.source.urls)):
        return None
    return f'"", or {_https_wanted(config)}: a password is never sent to an unverified server'


def _staging_is_unseen(config: Config) -> str | None:
    """NFD >= 0.19 looks at every event in its directory: made there, new labels can take 60 s to show."""
    if os.path.normpath(config.feature_file.staging) != os.path.normpath(config.feature_file.path.parent):
        return None
    return "another directory than the feature file's own, whose every event wakes Node Feature Discovery"


def _status_is_guarded(config: Config) -> str | None:
    status = config.status
    if not status.listen or address_and_port(status.listen)[0].is_loopback:
        return None
    if status.token_file or status.client_ca_file or status.anonymous:
        return None
    return "a loopback address; beyond that set status.token_file, status.client_ca_file, or status.anonymous"


def _certificate_has_its_key(config: Config) -> str | None:
    if bool(config.status.cert_file) == bool(config.status.key_file):
        return None
    return 'a file where status.key_file is one, and "" where it is not'


def _clients_are_asked_over_https(config: Config) -> str | None:
    if not config.status.client_ca_file or config.status.cert_file:
        return None
    return '"", or a file as status.cert_file: over http there are no certificates'


BONDS: Final = (
    *(
        Bond(
            (f"{section_of(kind)}.lease", "sink.kind", "source.interval", "source.deadline"),
            _lease_outlasts_fetches(kind),
        )
        for kind in SINKS
    ),
    Bond(
        ("supervision.heartbeat_deadline", "sink.kind", "node_feature.deadline"), _heartbeat_outlasts_request
    ),
    Bond(("node_feature.node", "sink.kind"), _node_is_named),
    Bond(("node_feature.daemonset", "sink.kind"), _owner_can_be_named),
    Bond(("node_feature.server", "sink.kind"), _server_is_named),
    Bond(("supervision.heartbeat_deadline", "source.deadline"), _heartbeat_outlasts_fetch),
    *(
        Bond((f"source.{name}", "source.kind", "source.url", "source.rest_url"), _is_used_over_https(name))
        for name in ("ca_file", "pin_file", "fingerprint")
    ),
    Bond(("source.ca_file", "source.pin_file", "source.fingerprint"), _trust_is_one),
    Bond(("source.user", "source.password_file"), _login_is_whole),
    Bond(("source.user", "source.kind", "source.url", "source.rest_url"), _login_is_sent_safely),
    Bond(("feature_file.staging_dir", "feature_file.path"), _staging_is_unseen),
    Bond(
        ("status.listen", "status.token_file", "status.client_ca_file", "status.anonymous"),
        _status_is_guarded,
    ),
    Bond(("status.cert_file", "status.key_file"), _certificate_has_its_key),
    Bond(("status.client_ca_file", "status.cert_file"), _clients_are_asked_over_https),
)
