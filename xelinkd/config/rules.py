"""What each key allows beyond its type: a sentence for people and a test, side by side."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, Final, get_args

from msgspec import Struct

from xelinkd.config.credentials import CREDENTIALS_DIRECTORY
from xelinkd.config.duration import Duration
from xelinkd.config.toml_text import toml_value
from xelinkd.config.url import MAX_LENGTH, MAX_PORT, is_https, is_url
from xelinkd.outputs.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


_INT64_MAX: Final = (1 << 63) - 1


class Rule(Struct, frozen=True):
    """What a value of the right type must satisfy; `allowed` tells people about type and rule together.

    `is_private`: what is there by mistake may be a secret, so that no message repeats it.
    """

    allowed: str
    holds: Callable[[Any], bool] = lambda _: True
    is_private: bool = False


LONGEST_WAIT: Final = "7d"  # a wait in poll(2) is a 32-bit count of milliseconds: 24 days


def duration(at_least: str, at_most: str) -> Rule:
    """Allow durations in a range, which is given as durations are written."""
    least, most = Duration.parse(at_least), Duration.parse(at_most)
    return Rule(f'a duration from "{least}" to "{most}"', lambda value: least <= value <= most)


def whole_number(unit: str, at_least: int, at_most: int = _INT64_MAX) -> Rule:
    """Allow whole numbers in a range, both ends included, at most what TOML promises to hold."""
    extent = f"{at_least} or more" if at_most == _INT64_MAX else f"{at_least} to {at_most}"
    return Rule(f"a whole number of {unit}, {extent}", lambda value: at_least <= value <= at_most)


def one_of(literal: object) -> Rule:
    """Allow the members of a Literal; the type has checked them already."""
    return Rule(_choice(get_args(literal)))


def _choice(names: Iterable[object]) -> str:
    *others, last = map(toml_value, names)
    return f"{', '.join(others)} or {last}"


TRUE_OR_FALSE: Final = Rule("true or false")

HTTP_URL: Final = Rule(
    f"http:// or https://, a host, perhaps a port of 1 to {MAX_PORT} and a path; no password, no #;"
    f" up to {MAX_LENGTH} characters",
    is_url,
)

# A subdomain as Kubernetes 1.30 defines it (RFC 1123, in small letters).
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_MAX_SUBDOMAIN: Final = 253  # characters
_KUBERNETES: Final = "kubernetes.io"
_OPEN_KUBERNETES: Final = ("feature.node.kubernetes.io", "profile.node.kubernetes.io")


def _is_within(name: str, domain: str) -> bool:
    return name == domain or name.endswith("." + domain)


def _is_label_namespace(name: str) -> bool:
    """Apply the rules of Node Feature Discovery 0.13 and later."""
    if len(name) > _MAX_SUBDOMAIN or _SUBDOMAIN.fullmatch(name) is None:
        return False
    return not _is_within(name, _KUBERNETES) or any(_is_within(name, domain) for domain in _OPEN_KUBERNETES)


LABEL_NAMESPACE: Final = Rule(
    f"a DNS subdomain of up to {_MAX_SUBDOMAIN} characters;"
    f" of {_KUBERNETES} only {' and '.join(_OPEN_KUBERNETES)} and what is below them",
    _is_label_namespace,
)


_PATH_MAX: Final = 4096  # bytes, with a NUL at the end, in linux/limits.h: what a call takes
_PATH: Final = f"an absolute path of up to {_PATH_MAX - 1} bytes"


def _is_path_text(text: str) -> bool:
    """Refuse what no file can be called, and what TOML cannot hold: bytes that are not UTF-8."""
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        return False
    return len(text.encode()) < _PATH_MAX


def _is_absolute(text: str) -> bool:
    return text.startswith("/") and _is_path_text(text)


def _is_file_nfd_reads(path: Path) -> bool:
    return _is_absolute(str(path)) and path.name != "" and not path.name.startswith(".")


# A relative path would depend on where the daemon was started.
ABSOLUTE_OR_EMPTY: Final = Rule(f'{_PATH}, or ""', lambda text: text == "" or _is_absolute(text))
FEATURE_FILE_PATH: Final = Rule(f'{_PATH} whose file name does not begin with "."', _is_file_nfd_reads)

# What a label may have as its value, and so what Node Feature Discovery can name a node.
_MAX_NODE_NAME: Final = 63  # characters
_DNS_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def is_node_name(text: str) -> bool:
    """Tell whether a node can be called so, and named in a label."""
    return len(text) <= _MAX_NODE_NAME and _SUBDOMAIN.fullmatch(text) is not None


def _is_object_name(text: str) -> bool:
    return len(text) <= _MAX_SUBDOMAIN and _SUBDOMAIN.fullmatch(text) is not None


NODE: Final = Rule(
    f'the name of a node, a DNS subdomain of up to {_MAX_NODE_NAME} characters, or ""',
    lambda text: text == "" or is_node_name(text),
)
NAMESPACE: Final = Rule(
    'a DNS label, or ""', lambda text: text == "" or _DNS_LABEL.fullmatch(text) is not None
)
OBJECT: Final = Rule('a DNS subdomain, or ""', lambda text: text == "" or _is_object_name(text))
HTTPS_SERVER: Final = Rule(
    f'https://, a host, perhaps a port, and nothing after it; up to {MAX_LENGTH} characters; or ""',
    lambda text: text == "" or (is_https(text) and is_url(text) and text.count("/") == 2),  # noqa: PLR2004
)
FOLDER: Final = Rule(_PATH, lambda path: _is_absolute(str(path)))


def _is_password_file(text: str) -> bool:
    return text == "" or _is_absolute(text.removeprefix(f"${CREDENTIALS_DIRECTORY}"))


PASSWORD_FILE: Final = Rule(
    f'{_PATH}, "${CREDENTIALS_DIRECTORY}/NAME" for a credential of systemd, or ""',
    _is_password_file,
    is_private=True,
)

# As `openssl x509 -fingerprint -sha256` and others write it.
_FINGERPRINT: Final = re.compile(r"[0-9A-Fa-f]{64}|[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31}")

FINGERPRINT: Final = Rule(
    '64 hexadecimal digits, perhaps in pairs with ":" between them, or ""',
    lambda text: text == "" or _FINGERPRINT.fullmatch(text) is not None,
)

# RFC 7617: a colon ends the user's name.
USER_NAME: Final = Rule(
    'printable characters without ":", or ""',
    lambda text: text.isprintable() and ":" not in text,
    is_private=True,
)


# An address of this machine rather than a name: what it listens on must not depend on a resolver.
_LISTEN: Final = re.compile(r"(?P<ipv4>[0-9.]+)?(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\])?:(?P<port>[0-9]{1,5})")


def address_and_port(text: str) -> tuple[IPv4Address | IPv6Address, int]:
    """Part what to listen on: `127.0.0.1:29998` or `[::1]:29998`.

    Raises:
        ValueError: it is neither.

    """
    match = _LISTEN.fullmatch(text)
    if match is None or bool(match["ipv4"]) == bool(match["ipv6"]):
        raise ValueError(f"no address and port: {text!r}")
    port = int(match["port"])
    if not 1 <= port <= MAX_PORT:
        raise ValueError(f"no port: {port}")
    return ip_address(match["ipv4"] or match["ipv6"]), port


def _is_listen(text: str) -> bool:
    try:
        return text == "" or bool(address_and_port(text))
    except ValueError:
        return False


def _is_output_file(path: Path) -> bool:
    return _is_absolute(str(path)) and path.name not in {"", ".."}


OUTPUT_FORMAT: Final = Rule(_choice(FORMATS), lambda name: name in FORMATS)
OUTPUT_FILE: Final = Rule(_PATH, _is_output_file)

# What gres.conf takes as one word, and `--gres=gpu:TYPE:2` as a type.
_GPU_TYPE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

GPU_TYPE: Final = Rule(
    'up to 64 letters, digits, "_", "." and "-", a letter or a digit first, or ""',
    lambda text: text == "" or _GPU_TYPE.fullmatch(text) is not None,
)

LISTEN: Final = Rule(f'ADDRESS:PORT or [ADDRESS]:PORT with a port of 1 to {MAX_PORT}, or ""', _is_listen)
