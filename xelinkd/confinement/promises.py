"""What each worker promises: as values, so that they can be read, shown and tested."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

import xelinkd
from xelinkd.config.rules import address_and_port
from xelinkd.config.schema import files_of_the_source, files_of_the_status
from xelinkd.config.sinks import FeatureFile
from xelinkd.config.url import host_and_port, is_by_name, is_https
from xelinkd.confinement.privileges import (
    DAC_OVERRIDE,
    DAC_READ_SEARCH,
    FIRST_FREE_PORT,
    NET_BIND_SERVICE,
    NO_CAPABILITY,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xelinkd.config.schema import Config
    from xelinkd.config.sinks import SinkSettings

Identity = tuple[Path, int, int]


class Promise(Struct, frozen=True):
    """What a process does at most; folders stand for all that is in them, and nothing is ever executed.

    `reads`: None is anywhere. `connects_to`, `listens_on`: TCP ports. `keeps`: of the capabilities that it
    has. `uses`: folders whose devices it opens, and tells things (ioctl). `given`: those of the paths that
    others may replace while the process runs, see `footing`.
    """

    reads: tuple[Path, ...] | None = None
    writes: tuple[Path, ...] = ()
    uses: tuple[Path, ...] = ()
    connects_to: tuple[int, ...] = ()
    listens_on: tuple[int, ...] = ()
    keeps: int = NO_CAPABILITY
    given: tuple[Path, ...] = ()


def of_the_fetcher(config: Config) -> Promise:
    """Read what a fetch takes, connect to the ports of the source, use its devices, write nothing."""
    urls, kind = config.source.urls, config.source.uses
    ports = tuple(dict.fromkeys(port for _, port in map(host_and_port, urls)))
    files = files_of_the_source(config)
    by_name = any(map(is_by_name, urls))
    devices = tuple(map(Path, kind.devices))
    given = (*files, *(_RESOLVER if by_name else ()), *devices)
    trusted = _system_trust() if any(map(is_https, urls)) else ()
    libraries = (*_LIBRARIES, *map(Path, kind.reads), *(_linker_path() if devices else ()))
    return Promise(
        reads=(*libraries, *trusted, *given),
        uses=(*devices, Path(os.devnull)) if devices else (),  # where what a driver prints goes
        connects_to=(*ports, _DNS) if by_name else ports,
        keeps=DAC_READ_SEARCH if files else NO_CAPABILITY,  # a password may be another user's
        given=given,
    )


def of_the_writer(
    config: Config, former: Sequence[SinkSettings] = (), former_files: Sequence[Path] = ()
) -> Promise:
    """Write into the folders of the sink, of outputs and of former ones; connect to the port of the sink.

    Where it has no network it may read anything: it takes in nothing from outside that could make use of
    that. Else it reads what a request takes. `former_files` are those of former sinks and outputs.
    """
    sinks = (config.target, *former)
    files = (*config.target.files, *(output.file for output in config.outputs), *former_files)
    folders = tuple(dict.fromkeys(file.parent for file in files))
    beside = (config.target.staging.parent,) if isinstance(config.target, FeatureFile) else ()
    urls = tuple(sink.url for sink in sinks if sink.url)
    by_name = any(map(is_by_name, urls))
    read = (*(path for sink in sinks for path in sink.reads), *(_RESOLVER if by_name else ()))
    ports = tuple(dict.fromkeys(port for _, port in map(host_and_port, urls)))
    return Promise(
        reads=(*_LIBRARIES, *read) if urls else None,
        writes=folders,
        connects_to=(*ports, _DNS) if by_name else ports,
        keeps=DAC_OVERRIDE if folders else NO_CAPABILITY,
        given=(*folders, *beside, *read),
    )


def of_the_watcher() -> Promise:
    """Look at files anywhere; write nothing, no network."""
    return Promise(keeps=DAC_READ_SEARCH)


def of_the_status(config: Config) -> Promise:
    """Read its own files and the figures of processes, listen on its port; write and connect nowhere."""
    files = files_of_the_status(config)
    _, port = address_and_port(config.status.listen)
    reads_of_others = DAC_READ_SEARCH if files else NO_CAPABILITY  # a key may be another user's
    return Promise(
        reads=(*_LIBRARIES, _PROCESSES, *files),
        listens_on=(port,),
        keeps=reads_of_others | (NET_BIND_SERVICE if port < FIRST_FREE_PORT else NO_CAPABILITY),
        given=files,
    )


def footing(promise: Promise) -> tuple[Identity | None, ...]:
    """Tell what stands at the given paths: a rule holds for what was there when it was made."""
    return tuple(map(_identity, promise.given))


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return path, found.st_dev, found.st_ino


_PROCESSES: Final = Path("/proc")
_DNS: Final = 53  # for answers that do not fit into a datagram
# What glibc 2.41 reads to resolve a name.
_RESOLVER: Final = tuple(
    Path("/etc", name)
    for name in ("resolv.conf", "hosts", "nsswitch.conf", "host.conf", "gai.conf", "services")
)


def _working_directory() -> str:
    """Name it as in sys.path; it may have been removed."""
    try:
        return os.getcwd()  # noqa: PTH109  as in sys.path
    except FileNotFoundError:
        return ""


# What Python and the C library load late: modules, source lines for tracebacks, NSS modules.
_LIBRARIES: Final = (
    Path(xelinkd.__file__).parent,
    *(Path(entry) for entry in sys.path if entry not in {"", _working_directory()}),
    *map(Path, ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")),
)


def _linker_path() -> tuple[Path, ...]:
    """Name the folders in which this process was told to look for shared libraries."""
    folders = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    return tuple(Path(folder) for folder in folders if folder.startswith("/"))


def _system_trust() -> tuple[Path, ...]:
    """Name where OpenSSL finds its configuration and the system's CAs, and where the links there lead."""
    import ssl  # noqa: PLC0415  where there is https, it is loaded

    places = ssl.get_default_verify_paths()
    folders = os.environ.get(places.openssl_capath_env, "").split(":")  # as OpenSSL splits it
    named = (places.cafile, places.capath, places.openssl_cafile, places.openssl_capath, *folders)
    debian = ("/usr/share/ca-certificates", "/usr/local/share/ca-certificates", "/etc/ssl/openssl.cnf")
    red_hat = ("/etc/pki/tls/certs", "/etc/pki/tls/openssl.cnf", "/etc/pki/ca-trust/extracted")
    paths = [Path(path) for path in (*named, *debian, *red_hat) if path]
    return tuple(dict.fromkeys((*paths, *(path.resolve() for path in paths))))
