"""`xelinkd trust`: the certificate that XPU Manager shows, and the pin for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from xelinkd.cli.arguments import configured_parser, load_quietly, parse
from xelinkd.cli.exit_status import Status
from xelinkd.cli.terminal import say_text
from xelinkd.cli.usage import UsageError
from xelinkd.config.url import is_https, is_url
from xelinkd.net.failure import FetchError
from xelinkd.net.pin import CaFileError, Pin
from xelinkd.net.trust import pinned_digests
from xelinkd.sources.acquaintance import shown_by

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator, Sequence

    from xelinkd.config.sources import Source
    from xelinkd.sources.acquaintance import Certificate

DESCRIPTION = """\
Shows the certificate of the server that answers at URL (default: the configured source), and with --write
pins it: set FILE as source.pin_file, and that server is trusted, and no other, whatever name its certificate
carries. Nothing is sent but the handshake: no request, no password.

Whether it is the right server only you can tell: compare the fingerprint with that of the certificate itself,
on the machine where XPU Manager runs:  openssl x509 -noout -fingerprint -sha256 -in CERTIFICATE

exit status:
  0  the certificate is shown (and written); it is the pinned one, if one is configured
  1  there is no such server, or it shows another certificate than is pinned
  2  the command line or the configuration is wrong
  3  FILE cannot be written, or pins another certificate (--replace writes it all the same)
"""


def run(arguments: Sequence[str]) -> Status:
    """Show the certificate, and write it down if that is asked for."""
    parsed = parse(command_line(), arguments)
    options, source = parsed.options, load_quietly(parsed).config.source
    url = _url(options.url, source)
    try:
        certificate = shown_by(url, float(source.deadline))
    except FetchError as error:
        return _complain(str(error), Status.UNKNOWN)
    say_text("".join(f"{line}\n" for line in _described(url, certificate)))
    if options.write:
        return _write(options.write, certificate, replace=options.replace)
    return Status.OK if options.url else _compared(certificate, source)


def command_line() -> ArgumentParser:
    """Give the verb's parser."""
    made = configured_parser("trust", DESCRIPTION)
    made.add_argument("url", nargs="?", metavar="URL", help="https://HOST:PORT")
    made.add_argument("--write", type=Path, metavar="FILE", help="write the pin there, as PEM")
    made.add_argument("--replace", action="store_true", help="also where FILE pins another certificate")
    return made


def _url(named: str | None, source: Source) -> str:
    url = named or next(filter(is_https, source.urls), source.rest_url)
    if not (is_url(url) and is_https(url)):
        raise UsageError(f"{url}: the address of a server with a certificate is https://HOST:PORT")
    return url


def _described(url: str, certificate: Certificate) -> Iterator[str]:
    yield f"{url} shows this certificate:"
    yield f"  SHA-256  {certificate.fingerprint}"
    yield f"  subject  {certificate.subject or 'none'}"
    yield f"  names    {', '.join(certificate.names) or 'none: no CA can vouch for it, it has to be pinned'}"
    yield f"  valid    {certificate.not_before} to {certificate.not_after}"


def _compared(certificate: Certificate, source: Source) -> Status:
    """Hold it against the pin in force."""
    pin = Pin(source.pin_file, source.fingerprint)
    if pin == Pin():
        say_text("To trust it: xelinkd trust --write /etc/xelinkd/xpum.pem, and that as source.pin_file\n")
        return Status.OK
    key = "source.pin_file" if source.pin_file else "source.fingerprint"
    try:
        if certificate.digest in pinned_digests(pin):
            say_text(f"It is the one that {key} pins.\n")
            return Status.OK
    except CaFileError as error:
        return _complain(f"{key}: {error}", Status.UNKNOWN)
    return _complain(f"this is NOT the certificate that {key} pins: find out why", Status.UNKNOWN)


def _write(file: Path, certificate: Certificate, *, replace: bool) -> Status:
    try:
        if not replace and file.exists() and _pins_another(file, certificate):
            return _complain(f"{file} pins another certificate: --replace writes it anew", Status.NOT_WRITTEN)
        _put(file, certificate.pem)
    except OSError as error:
        return _complain(f"{file}: {error.strerror}", Status.NOT_WRITTEN)
    say_text(f"Written to {file}: it is trusted once that is source.pin_file.\n")
    return Status.OK


def _pins_another(file: Path, certificate: Certificate) -> bool:
    """Tell whether a file that is there has other content than this pin, whatever it is."""
    try:
        return pinned_digests(Pin(str(file))) != {certificate.digest}
    except CaFileError:
        return True


def _put(file: Path, text: str) -> None:
    """Write it beside the file, and rename: a running xelinkd never reads half a pin."""
    staged = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        staged.write_text(text)
        staged.chmod(0o644)
        staged.replace(file)
    finally:
        staged.unlink(missing_ok=True)


def _complain(sentence: str, status: Status) -> Status:
    print(f"xelinkd: {sentence}", file=sys.stderr)
    return status
