"""XPU Manager's REST server as a source: `/rest/v1/topology/xelink`."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

from msgspec.structs import replace

from xelinkd.model.unknown import Reason
from xelinkd.model.xelink_json import message_of, read_answer
from xelinkd.sources.place import place_of
from xelinkd.sources.source import HttpSource

if TYPE_CHECKING:
    from xelinkd.config.sources import Source as Settings


def rest(settings: Settings) -> HttpSource:
    """Ask for the JSON at `source.rest_url`."""
    return HttpSource(replace(place_of(settings, settings.rest_url), explain=_explain), read_answer)


def _explain(status: int, body: bytes) -> tuple[Reason, str] | None:
    """Take XPU Manager's own word for what went wrong."""
    if status == http.client.NOT_FOUND:
        advice = 'XPU Manager has no REST here, as in its container: set source.kind = "metrics"'
        return Reason.HTTP_STATUS, f"status {status}: {advice}"
    message = message_of(body) if status == http.client.BAD_REQUEST else None
    if message is None:
        return None
    return Reason.XPUM_ERROR, f"XPU Manager could not read the topology: {message!r} (its log says more)"
