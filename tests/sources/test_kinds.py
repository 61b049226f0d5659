"""The kinds of sources: one table, and a module for each line of it."""

from __future__ import annotations

from msgspec.structs import fields, replace

from xelinkd.config.schema import Config
from xelinkd.config.sources import AUTO, CHOICE, KINDS, Source
from xelinkd.sources.auto import auto
from xelinkd.sources.kinds import source_of
from xelinkd.sources.source import HttpSource


def test_each_kind_is_a_source() -> None:
    """Whatever can be configured can be asked."""
    for kind in KINDS:
        source = source_of(Config(source=Source(kind=kind)))
        assert not source.sends_login
        assert type(source.within(1)) is type(source)


def test_addresses_are_keys_of_the_configuration() -> None:
    """Each address that a kind asks can be configured, and it asks these alone."""
    names = {field.name for field in fields(Source)}
    for name, kind in KINDS.items():
        assert set(kind.addresses) <= names
        made = source_of(Config(source=Source(kind=name)))
        if isinstance(made, HttpSource):
            assert (made.place.url,) == Source(kind=name).urls


def test_auto_asks_in_the_order_of_the_table() -> None:
    """The ports, the devices and the documentation of auto are those of what it asks."""
    alone = [type(source_of(Config(source=replace(Source(), kind=kind)))) for kind in CHOICE]
    assert [type(source) for source in auto(Source())._sources] == alone  # noqa: SLF001
    assert Source(kind=AUTO).urls == (Source().rest_url, Source().url)
