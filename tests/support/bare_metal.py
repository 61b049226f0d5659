"""An XPU Manager as its bare-metal package sets it up: REST over https, with a certificate without a name."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from xelinkd.config.schema import Config
from xelinkd.config.sources import Source
from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.rest import USER, Door
from xelinkd.simulator.server import Options, Rest, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xelinkd.simulator.server import Simulator

PASSWORD = "sesame"  # noqa: S105  of a simulator


def make_nameless(folder: Path, name: str = "xpum", days: int = 548) -> tuple[Path, Path]:
    """Make a certificate as XPU Manager's keytool does; give the file with its key, and the one without."""
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [(NameOID.STATE_OR_PROVINCE_NAME, "Unknown"), (NameOID.ORGANIZATION_NAME, "XPUM")]
    subject = x509.Name([x509.NameAttribute(*attribute) for attribute in attributes])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=2)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA512())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both, alone = folder / f"{name}.both.pem", folder / f"{name}.pem"
    both.write_bytes(pem + private)
    alone.write_bytes(pem)
    return both, alone


@dataclass
class BareMetal:
    """A simulated XPU Manager (page and REST), its pin, and a file with the right password."""

    simulator: Simulator
    pin: Path
    password: Path
    more: dict[str, object] = field(default_factory=dict)

    def settings(self, kind: str = "rest", **more: object) -> dict[str, object]:
        """Give the keys of `[source]` that ask it, with some changed; None leaves a key out."""
        keys: dict[str, object] = {
            "kind": kind,
            "url": self.simulator.url,
            "rest_url": self.simulator.rest_url,
            "pin_file": str(self.pin),
            "user": USER,
            "password_file": str(self.password),
        }
        return {key: value for key, value in {**keys, **more}.items() if value is not None}

    def config(self, kind: str = "rest", **more: object) -> Config:
        """Give a configuration that asks it."""
        return Config(source=Source(**self.settings(kind, **more)))  # type: ignore[arg-type]


@contextmanager
def bare_metal(folder: Path, machine: str = "3x2", scale: float = 0.0) -> Iterator[BareMetal]:
    """Serve inside a `with` block; a refusal takes 2^n times `scale` seconds."""
    both, alone = make_nameless(folder)
    password = folder / "xpum.password"
    password.write_text(f"{PASSWORD}\n")
    options = Options(parse_machine(machine), rest=Rest(0, Door(PASSWORD, scale), both))
    with running(options) as simulator:
        yield BareMetal(simulator, alone, password)
