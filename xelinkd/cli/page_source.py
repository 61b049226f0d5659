"""What is named on the command line as a source: an address of XPU Manager's, or a saved answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace
from urllib3.util import parse_url

from xelinkd.cli.usage import UsageError
from xelinkd.model.page import read_page
from xelinkd.model.xelink_json import read_answer
from xelinkd.sources.metrics import metrics
from xelinkd.sources.rest import rest

if TYPE_CHECKING:
    from xelinkd.config.schema import Config
    from xelinkd.model.page import Page
    from xelinkd.sources.source import HttpSource

_REST: Final = "/rest/"
_JSON: Final = (b"[", b"{")


def source_at(url: str, config: Config) -> HttpSource:
    """Give a source at another address than the configured one, and otherwise like it.

    Raises:
        UsageError: that is no address.

    """
    try:
        source = (rest if (parse_url(url).path or "").startswith(_REST) else metrics)(config.source)
        place = replace(source.place, url=url, login=None)  # the password is for one server
    except ValueError as error:
        raise UsageError(f"{url}: {error}") from None
    return replace(source, place=place)


def read_saved(content: bytes) -> Page:
    """Read a page, or an answer over REST.

    Raises:
        UnknownPageError: it says nothing about the topology, too much, or something malformed.

    """
    return read_answer([content]) if content.lstrip()[:1] in _JSON else read_page(content)
