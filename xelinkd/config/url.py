"""The source's URL: its grammar, narrow enough that nothing in it needs interpreting, and its parts."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

MAX_PORT: Final = 65_535
MAX_LENGTH: Final = 2000  # characters; what a process tells of itself has room for that

# No user and password (they would end up in logs) and no fragment (it is never sent).
_URL: Final = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[A-Za-z0-9._-]+|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>(?:[/?][!$-~]*)?)"
)


def is_url(text: str) -> bool:
    """Tell whether this is an http or https URL with a host and, if it names one, a port from 1 to 65535."""
    match = _URL.fullmatch(text)
    if match is None or len(text) > MAX_LENGTH:
        return False
    port = match["port"]
    return (port is None or 1 <= int(port) <= MAX_PORT) and (match["ipv6"] is None or _is_ipv6(match["ipv6"]))


def is_https(url: str) -> bool:
    """Tell whether the connection is to be encrypted."""
    return url.startswith("https:")


def host_and_port(url: str) -> tuple[str, int]:
    """Give where the connection goes; without brackets around an IPv6 address.

    Raises:
        ValueError: it is no URL.

    """
    match = _URL.fullmatch(url)
    if match is None:
        raise ValueError(f"no URL: {url!r}")
    default = 443 if is_https(url) else 80
    return match["ipv6"] or match["host"], int(match["port"] or default)


def is_address(host: str) -> bool:
    """Tell whether a host, without brackets, is an address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_by_name(url: str) -> bool:
    """Tell whether its host is a name, which has to be looked up first."""
    host, _ = host_and_port(url)
    return not is_address(host)


def with_port(url: str, port: int) -> str:
    """Put another port into the URL; text that is no URL stays as it is, for the schema to refuse."""
    match = _URL.fullmatch(url)
    return f"{match['scheme']}://{match['host']}:{port}{match['target']}" if match else url


def with_https(url: str) -> str:
    """Turn http into https; text that is no URL stays as it is, for the schema to refuse."""
    return "https" + url.removeprefix("http") if _URL.fullmatch(url) and not is_https(url) else url


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
