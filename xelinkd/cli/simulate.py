"""`xelinkd simulate`: a stand-in for XPU Manager."""

from __future__ import annotations

import ssl
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from xelinkd.cli.arguments import parse_options, parser
from xelinkd.cli.exit_status import Status
from xelinkd.cli.usage import UsageError
from xelinkd.config.small_file import SecretError, read_secret
from xelinkd.config.url import MAX_PORT
from xelinkd.simulator.certificate import NoCertificateError
from xelinkd.simulator.faults import Mode
from xelinkd.simulator.machine import PRESETS, parse_machine
from xelinkd.simulator.rest import Door
from xelinkd.simulator.server import Options, Rest
from xelinkd.simulator.server import run as serve

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from xelinkd.simulator.machine import Machine

DESCRIPTION = f"""\
Serves /metrics as XPU Manager 1.3 does, for a node that need not exist: to try things out, for tests, and for
clusters without GPUs. Prints one line that ends with the page's URL; ends on SIGINT and SIGTERM.
With --rest-port it serves the same machine as the bare-metal package does, too: REST over https.

MACHINE is a platform ({", ".join(PRESETS)})
or a shape, GPUs x tiles, such as 3x2.
"""

MODES = tuple(mode.value for mode in Mode)

EPILOG = """\
while it runs (on loopback, or with --control):
  curl -X PUT -d down  http://127.0.0.1:29999/simulator/links/0.0-3.0     a link fails (up: it is back)
  curl -X PUT -d error-500 http://127.0.0.1:29999/simulator/mode          XPU Manager fails (ok: it recovers)
  curl http://127.0.0.1:29999/simulator                                   the state
with --rest-port 30000 (and -u xpumadmin, with --rest-password-file):
  curl -k https://127.0.0.1:30000/rest/v1/topology/xelink                 the topology as JSON
"""


def run(arguments: Sequence[str]) -> Status:
    """Serve until told to end."""
    made = command_line()
    given = parse_options(made, arguments)
    if given.key and not given.cert:
        made.error("--key needs --cert")
    if given.rest_port is None and (given.rest_password_file or given.rest_cert):
        made.error("--rest-password-file and --rest-cert need --rest-port")
    options = _options(given)
    _check_certificate(options.certfile, options.keyfile)
    _check_certificate(given.rest_cert, None)
    try:
        serve(options, lambda line: print(line, flush=True))
    except BrokenPipeError:
        raise
    except NoCertificateError as error:
        raise UsageError(f"{error}; name one with --rest-cert") from None
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        ports = f"{options.port} or {options.rest.port}" if options.rest else str(options.port)
        raise UsageError(f"cannot listen at {options.host}, port {ports}: {reason}") from None
    return Status.OK


def command_line() -> ArgumentParser:
    """Give the verb's parser."""
    made = parser("simulate", DESCRIPTION, epilog=EPILOG)
    made.add_argument(
        "machine", nargs="?", default="8x-max1550", metavar="MACHINE", help="default: 8x-max1550"
    )
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    made.add_argument("--port", type=_port, default=29999, help="0 takes a free one (default: 29999)")
    made.add_argument(
        "--mode",
        choices=[mode.value for mode in Mode],
        default=Mode.OK.value,
        help="how XPU Manager is doing",
    )
    made.add_argument("--down", action="append", default=[], metavar="LINK", help="a failed link: 0.0-3.0")
    made.add_argument("--node", metavar="NAME", help="the node's name, as a label of each line")
    made.add_argument("--cert", type=Path, metavar="FILE", help="serve HTTPS with this certificate (PEM)")
    made.add_argument("--key", type=Path, metavar="FILE", help="its key, unless it is in the same file")
    made.add_argument("--rest-port", type=_port, metavar="PORT", help="serve REST there (XPU Manager: 30000)")
    made.add_argument(
        "--rest-password-file",
        type=Path,
        metavar="FILE",
        help="its first line is what REST wants of the user xpumadmin; failed logins take 2, 4, 8 ... 256 s",
    )
    made.add_argument(
        "--rest-cert",
        type=Path,
        metavar="FILE",
        help="REST's certificate and key (PEM; default: openssl makes one without a name)",
    )
    made.add_argument("--control", action="store_true", default=None, help="take orders beyond loopback, too")
    made.add_argument("--no-control", action="store_false", dest="control", help="take no orders at all")
    made.add_argument("--verbose", action="store_true", help="print a line for each request")
    return made


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > MAX_PORT:
        raise ArgumentTypeError(f"found {text!r}; allowed: 0 to {MAX_PORT}")
    return int(text)


def _options(given: Namespace) -> Options:
    return Options(
        _machine(given),
        Mode(given.mode),
        given.host,
        given.port,
        given.cert,
        given.key,
        given.control,
        (lambda line: print(line, flush=True)) if given.verbose else None,
        _rest(given),
    )


def _rest(given: Namespace) -> Rest | None:
    if given.rest_port is None:
        return None
    try:
        file = given.rest_password_file
        password = read_secret(file).decode() if file else None
    except (SecretError, UnicodeDecodeError) as error:
        raise UsageError(str(error)) from None
    return Rest(given.rest_port, Door(password), given.rest_cert)


def _machine(given: Namespace) -> Machine:
    try:
        machine = replace(parse_machine(given.machine), node=given.node)
        for link in given.down:
            machine = machine.with_link(link, up=False)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return machine


def _check_certificate(certfile: Path | None, keyfile: Path | None) -> None:
    """Read the files once before the server does: its error would not name them."""
    if certfile is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certfile, keyfile)
    except OSError as error:
        files = " and ".join(str(file) for file in (certfile, keyfile) if file)
        unfit = "must hold a certificate and its key, as PEM"
        reason = unfit if isinstance(error, ssl.SSLError) else error.strerror
        raise UsageError(f"{files}: {reason}") from None
