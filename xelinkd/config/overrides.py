"""What the command line says about the configuration: whole values, or parts of the URL that is in force."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from xelinkd.config.url import with_https, with_port

URL_KEY = "source.url"


class Override(Struct, frozen=True):
    """A value for one key (`source.interval`), in the types of TOML; `flag` is spelt as the user did."""

    key: str
    value: str | int | bool
    flag: str

    def apply(self, _current: object) -> object:
        """Replace whatever was in force."""
        return self.value


class UrlPort(Struct, frozen=True):
    """Another port for the URL in force."""

    key: ClassVar[str] = URL_KEY
    port: int
    flag: str

    def apply(self, current: object) -> object:
        """Change the port, and nothing else; a value that is no URL is left for the schema to refuse."""
        return with_port(current, self.port) if isinstance(current, str) else current


class UrlHttps(Struct, frozen=True):
    """Encryption for the URL in force."""

    key: ClassVar[str] = URL_KEY
    flag: str

    def apply(self, current: object) -> object:
        """Change the scheme, and nothing else; a value that is no URL is left for the schema to refuse."""
        return with_https(current) if isinstance(current, str) else current


AnyOverride = Override | UrlPort | UrlHttps
