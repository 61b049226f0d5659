"""Objects of any node whose labels have ended, removed: for nodes whose writer is dead.

Listed in parts, by the label that says whose they are; each is deleted only as it was listed, so that one
which its writer has renewed since stays.
"""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode

from xelinkd import logs
from xelinkd.model.node_feature import MANAGED_BY, US, expired, read_page
from xelinkd.sinks.api_server import Answer, ApiError, ApiServer
from xelinkd.sinks.objects import collection, deletion, is_absent, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.config.sinks import NodeFeature as Settings
    from xelinkd.model.node_feature import Metadata, Page

PART: Final = 200  # objects
MOST_PARTS: Final = 500  # 100,000 objects: twenty times the nodes that Kubernetes promises to bear
BARE: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"

# Others may fare better than an object that is refused so, or over which the server stumbles.
_OF_THE_OBJECT: Final = frozenset({"forbidden", "invalid", "http_status", "server_error"})

log = logs.logger()


class Swept(NamedTuple):
    """How many objects of ours there were, were removed, and could not be."""

    seen: int
    removed: int
    failed: int


def sweep(settings: Settings, now: float) -> Swept:
    """Remove what has ended at `now` (Unix time).

    Raises:
        ApiError: the objects cannot be listed, or the server does not answer any more.

    """
    server = ApiServer(settings.url, settings.credentials_dir, float(settings.deadline))
    path = collection(settings.namespace or server.own_namespace())
    seen, outcomes = 0, []
    for part in _parts(server, path):
        seen += len(part.items)
        outcomes += [_is_removed(server, path, one) for one in expired(part.items, now)]
    return Swept(seen, outcomes.count(True), outcomes.count(False))


def _parts(server: ApiServer, path: str) -> Iterator[Page]:
    after = ""
    for _ in range(MOST_PARTS):
        query = urlencode({"labelSelector": f"{MANAGED_BY}={US}", "limit": PART, "continue": after})
        answer = server.ask("GET", f"{path}?{query}", accept=BARE)
        page = _page(answer, path)
        yield page
        after = page.metadata.next
        if not after:
            return


def _page(answer: Answer, path: str) -> Page:
    if answer.status != http.client.OK:
        raise refusal(answer, path)
    page = read_page(answer.body)
    if page is None:
        raise ApiError("malformed", "the answer is no list: is this the API server?")
    return page


def _is_removed(server: ApiServer, path: str, one: Metadata) -> bool | None:
    """Delete an object as it was listed; None: it is another one by now, or gone, which is as well.

    Raises:
        ApiError: the others would fare no better.

    """
    try:
        answer = server.ask("DELETE", f"{path}/{one.name}", deletion(one))
        if is_absent(answer) or answer.status == http.client.CONFLICT:
            return None
        if answer.status not in {http.client.OK, http.client.ACCEPTED}:
            raise refusal(answer, path)
    except ApiError as error:
        if error.reason not in _OF_THE_OBJECT:
            raise  # a server that does not answer, or wants to be left alone, is not asked for all the others
        log.warning("object_not_removed", object=one.name, reason=error.reason, error=str(error))
        return False
    log.info("object_removed", object=one.name)
    return True
