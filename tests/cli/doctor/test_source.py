"""What `xelinkd doctor` says of the way to XPU Manager, and of its page."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
import trustme
from support.bare_metal import bare_metal
from support.daemon import wait_until
from support.pages import recorded, serving_page
from support.states import FETCHING, changed, replace

from xelinkd.cli.doctor import page, reach
from xelinkd.cli.doctor.finding import Outcome
from xelinkd.simulator.machine import mesh, parse_machine
from xelinkd.simulator.page import render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.bare_metal import BareMetal
    from support.chain import Chain
    from support.pages import PageServer

    from xelinkd.cli.doctor.finding import Finding

STEPS = (*reach.STEPS, *page.STEPS)


@pytest.fixture
def free_port() -> Iterator[int]:
    """Give a port where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def https(tmp_path: Path) -> Iterator[PageServer]:
    """Give an XPU Manager that speaks https, with its certificate in `xpum.pem` and a password file."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "xpum.pem"))
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    (tmp_path / "password").write_text("sesame\n")
    with serving_page(render(parse_machine("3x2")), context) as server:
        server.login = "xpumadmin:sesame"
        yield server


def login(chain: Chain, https: PageServer, **keys: object) -> None:
    """Configure an XPU Manager that wants a password."""
    folder = chain.folder
    source: dict[str, object] = {
        "url": https.url,
        "ca_file": str(folder / "xpum.pem"),
        "user": "xpumadmin",
        "password_file": str(folder / "password"),
    }
    chain.configure(source={**source, **keys})


def breaks(findings: dict[str, Finding], step: str) -> Finding:
    """Check that this step is broken, those before it are well, and those after it not looked at."""
    number = STEPS.index(step)
    outcomes = [findings[name].outcome for name in STEPS]
    after = len(STEPS) - number - 1
    assert outcomes == [Outcome.WELL] * number + [Outcome.BROKEN] + [Outcome.NOT_LOOKED_AT] * after
    assert findings[step].advice
    return findings[step]


def test_host_without_an_address(chain: Chain) -> None:
    """A name that does not resolve is told apart from a host that does not answer."""
    chain.configure(source={"url": "http://a..b/metrics"})
    breaks(chain.findings(), "name")


def test_port_where_nothing_listens(chain: Chain, free_port: int) -> None:
    """A port where nothing listens is the connection's fault."""
    chain.configure(source={"url": f"http://127.0.0.1:{free_port}/metrics"})
    assert "start XPU Manager" in breaks(chain.findings(), "connection").advice


def test_server_that_speaks_no_tls(chain: Chain) -> None:
    """A plain server is no fault of the certificate, and the advice is http."""
    chain.configure(source={"url": chain.xpum.url.replace("http", "https")})
    assert "http://" in breaks(chain.findings(), "tls").advice


def test_certificate_of_another_authority(chain: Chain, https: PageServer) -> None:
    """A certificate that is not trusted is named as the reason, and no password is sent."""
    login(chain, https, ca_file=str(chain.folder / "other.pem"))
    assert "ca_file" in breaks(chain.findings(), "tls").advice
    assert https.served == 0


def test_password_that_is_refused(chain: Chain, https: PageServer) -> None:
    """A wrong password is tried once and no more."""
    https.login = "xpumadmin:other"
    login(chain, https)
    breaks(chain.findings(), "login")
    assert https.refused == 1


def test_password_that_holds(chain: Chain, https: PageServer) -> None:
    """With https and a password, all is well from the name to the labels."""
    login(chain, https)
    findings = chain.findings()
    assert {findings[name].outcome for name in STEPS} == {Outcome.WELL}
    assert findings["login"].found == "user xpumadmin is let in"
    assert findings["tls"].found.startswith("TLSv1.3; the certificate is trusted by")


def test_no_login_while_the_running_xelinkd_waits(chain: Chain, https: PageServer) -> None:
    """After a failed login the doctor does not make another one: it would slow XPU Manager for everybody."""
    login(chain, https)
    state = chain.service.state
    chain.service.state = replace(state, fetching=changed(FETCHING, waits_for_login=True))
    findings = chain.findings()
    assert breaks(findings, "login").found.startswith("the running xelinkd waits until 2027-01-15T08:00:05Z")
    assert https.served == 0


@pytest.mark.parametrize(
    ("status", "body", "step"),
    [
        (500, b"#nodata: due to unexpected failure", "answer"),
        (302, b"", "answer"),
        (200, b"<html>", "page"),
        (200, b"hw_gpu_energy 1\n", "page"),
        (200, recorded("topo-error"), "topology"),
        (200, b"xpum_topology_link{ 1\n", "topology"),
    ],
)
def test_page_that_does_not_tell_the_topology(chain: Chain, status: int, body: bytes, step: str) -> None:
    """An error of XPU Manager, another program's page and a page without topology are told apart."""
    chain.xpum.status, chain.xpum.body = status, body
    breaks(chain.findings(), step)
    wait_until(lambda: chain.xpum.served, "the server to count its answer")
    assert chain.xpum.served == 1


def test_incomplete_page(chain: Chain) -> None:
    """A page with a gap works, later; it deserves a look."""
    lines = chain.xpum.body.split(b"\n")
    lines.remove(next(line for line in lines if line.startswith(b"xpum_topology_link{")))
    chain.xpum.body = b"\n".join(lines)
    found = chain.findings()["topology"]
    assert (found.outcome, "not complete: no row for 0.0 to 0.0" in found.found) == (Outcome.NOTE, True)


def test_gpus_without_subdevices(chain: Chain) -> None:
    """On Max 1100 no link becomes a label by default, and the advice is the key that changes it."""
    chain.xpum.body = render(parse_machine("4x-max1100"))
    found = breaks(chain.findings(), "labels")
    assert found.found.startswith("0 links of 2: links of GPUs without sub-devices")
    assert "labels.allow_subdeviceless = true" in found.advice
    chain.configure(labels={"allow_subdeviceless": True})
    assert chain.findings()["labels"].outcome is Outcome.WELL


def test_links_with_too_few_lanes(chain: Chain) -> None:
    """Links that min_lanes leaves out are told, with the value that would take them."""
    chain.configure(labels={"min_lanes": 5})
    assert "labels.min_lanes = 4" in breaks(chain.findings(), "labels").advice


def test_links_left_out_by_the_number(chain: Chain) -> None:
    """Where only some links are left out, labels work: that is worth a note, for it may be meant so."""
    chain.xpum.body = render(mesh(3, 2, lanes=8)).replace(b'lane_count="8"', b'lane_count="2"', 6)
    found = chain.findings()["labels"]
    assert (found.outcome, "links of 2 lanes are left out" in found.found) == (Outcome.NOTE, True), found


def test_machine_without_xelink(chain: Chain) -> None:
    """A machine whose GPUs are not linked is no fault, but worth a look."""
    chain.xpum.body = render(parse_machine("1x2"))
    assert chain.findings()["topology"].outcome is Outcome.WELL
    machine = parse_machine("2x1")
    chain.xpum.body = render(machine.with_link("0.0-1.0", up=False))
    assert chain.findings()["topology"].outcome is Outcome.NOTE


def test_certificate_that_runs_out(chain: Chain, tmp_path: Path) -> None:
    """A certificate that runs out within days is told while there is time."""
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
    certificate = trustme.CA().issue_cert("127.0.0.1", not_after=soon)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "soon.pem"))
    with ExitStack() as stack:
        server = stack.enter_context(serving_page(b"", context))
        chain.configure(source={"url": server.url, "ca_file": str(tmp_path / "soon.pem")})
        found = chain.findings()["tls"]
    assert (found.outcome, "runs out in 1 d" in found.found) == (Outcome.NOTE, True)


@pytest.fixture
def rest(tmp_path: Path) -> Iterator[BareMetal]:
    """Give an XPU Manager of the bare-metal package."""
    with bare_metal(tmp_path) as made:
        yield made


def test_rest_that_is_well(chain: Chain, rest: BareMetal) -> None:
    """With pin and password, all is well over REST from the name to the labels."""
    chain.configure(source=rest.settings())
    findings = chain.findings()
    assert {findings[name].outcome for name in STEPS} == {Outcome.WELL}
    assert "the pinned one" in findings["tls"].found
    assert rest.simulator.rest_url in findings["answer"].found


def test_rest_that_is_not_pinned(chain: Chain, rest: BareMetal) -> None:
    """The stock certificate is refused until it is pinned: the advice is the verb that does it."""
    chain.configure(source=rest.settings(pin_file=""))
    assert "`xelinkd trust`" in breaks(chain.findings(), "tls").advice
    assert rest.simulator.refusals == 0


def test_password_that_rest_refuses(chain: Chain, rest: BareMetal) -> None:
    """A wrong password is tried once; of the running xelinkd that waits, it is not tried at all."""
    rest.password.write_text("wrong")
    chain.configure(source=rest.settings())
    breaks(chain.findings(), "login")
    assert rest.simulator.refusals == 1


def test_rest_that_fails_inside(chain: Chain, rest: BareMetal) -> None:
    """What XPU Manager says of its own failure is the topology's step."""
    rest.simulator.set_mode("no-topology")
    chain.configure(source=rest.settings())
    assert "Fail to get xelink topology" in breaks(chain.findings(), "topology").found


def test_exporter_that_has_no_rest(chain: Chain) -> None:
    """A container's exporter has no REST, and the other kind is named."""
    chain.xpum.status = 404
    chain.configure(source={"kind": "rest", "rest_url": chain.xpum.url.replace("metrics", "rest/v1")})
    assert 'source.kind = "metrics"' in breaks(chain.findings(), "answer").found


@pytest.mark.parametrize("password", ["sesame", "wrong"])
def test_choice_between_two(chain: Chain, rest: BareMetal, password: str) -> None:
    """With auto the doctor says what is taken; a page in place of REST works, and deserves a note."""
    rest.password.write_text(password)
    chain.configure(source=rest.settings("auto"))
    findings = chain.findings()
    outcome = Outcome.WELL if password == "sesame" else Outcome.NOTE  # noqa: S105  as above
    assert (findings["login"].outcome, findings["answer"].outcome) == (outcome, outcome)
    assert findings["labels"].outcome is Outcome.WELL


def test_choice_where_rest_cannot_be_reached(chain: Chain, free_port: int) -> None:
    """On a node without REST, auto is well, with a note."""
    chain.configure(source={"kind": "auto", "rest_url": f"https://127.0.0.1:{free_port}/rest"})
    findings = chain.findings()
    assert (findings["connection"].outcome, findings["answer"].outcome) == (Outcome.WELL, Outcome.NOTE)
