"""What `xelinkd doctor` says of the node: configuration, files, folder, feature file, lock, service."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import trustme
from support.states import KEEPING, changed, replace

from xelinkd.cli.doctor.finding import Outcome
from xelinkd.cli.doctor.verb import STEPS
from xelinkd.sinks.lock import FeatureFileLock, lock_path
from xelinkd.state.told import Fault

if TYPE_CHECKING:
    from support.chain import Chain

LABEL = "gpu.intel.com/xe-links=0.0-1.0\n"


def test_wrong_configuration(chain: Chain) -> None:
    """Of a wrong configuration everything that is wrong is told, and nothing else is looked at."""
    chain.config.write_text('[source]\ninterval = 10\n[label]\nx = "y"\n')
    findings = chain.findings()
    assert tuple(findings) == STEPS
    found = findings.pop("configuration")
    assert (found.outcome, "source.interval" in found.found, "label:" in found.found) == (
        Outcome.BROKEN,
        True,
        True,
    )
    assert {finding.outcome for finding in findings.values()} == {Outcome.NOT_LOOKED_AT}


def test_files_that_are_not_as_they_should(chain: Chain) -> None:
    """Each file that cannot be used is named with the key that names it."""
    chain.folder.joinpath("empty").touch()
    chain.configure(
        status={
            "listen": chain.service.listen,
            "token_file": str(chain.folder / "empty"),
            "cert_file": str(chain.folder / "empty"),
            "key_file": str(chain.folder / "none"),
        }
    )
    found = chain.findings()["files"].found
    assert f"status.token_file: {chain.folder}/empty: its first line is empty; " in found
    assert f"status.cert_file: {chain.folder}/empty: " in found
    assert found.endswith(f"status.key_file: {chain.folder}/none: No such file or directory")


def test_folder_that_is_not_there(chain: Chain) -> None:
    """A folder that is not there is named."""
    path = chain.folder / "none" / "labels.txt"
    chain.configure(feature_file={"path": str(path)})
    assert chain.broken()[0] == "folder"


def test_folder_is_tried_where_node_feature_discovery_does_not_look(chain: Chain) -> None:
    """The doctor writes as much as a feature file may hold, and neither wakes NFD nor leaves anything."""
    staging = chain.features / ".xelinkd"
    staging.mkdir()
    before = chain.features.stat().st_mtime_ns, staging.stat().st_mtime_ns
    found = chain.findings()["folder"]
    assert (found.outcome, found.found.endswith(f"tried in {staging}")) == (Outcome.WELL, True)
    assert chain.features.stat().st_mtime_ns == before[0]
    assert staging.stat().st_mtime_ns > before[1]
    assert list(staging.iterdir()) == []


def test_staging_folder_is_not_made(chain: Chain) -> None:
    """Where there is no staging folder yet, the doctor makes none: that would wake NFD."""
    assert chain.findings()["folder"].outcome is Outcome.WELL
    assert not (chain.features / ".xelinkd").exists()


@pytest.mark.parametrize("staging", ["/proc/staging", "/etc/hostname", "/none/staging"])
def test_staging_folder_that_cannot_serve(chain: Chain, staging: str) -> None:
    """A staging folder that no rename leads out of, or that cannot be written to, is found in time."""
    chain.configure(feature_file={"path": str(chain.file), "staging_dir": staging})
    assert chain.broken() == ["folder"]


def test_file_that_is_missing_though_labels_are_held(chain: Chain) -> None:
    """Labels held and no file is a fault; without labels it is the way it begins."""
    chain.file.unlink()
    assert chain.broken() == ["file"]
    chain.service.state = replace(chain.service.state, keeping=changed(KEEPING, lines=(), end=None))
    assert chain.findings()["file"].outcome is Outcome.WELL


@pytest.mark.parametrize(
    ("content", "outcome", "words"),
    [
        (LABEL, Outcome.NOTE, "is of Intel's sidecar: 1 link, without an end"),
        (
            f"# +expiry-time=2099-01-01T00:00:00Z\n{LABEL}",
            Outcome.WELL,
            ": 1 link, until 2099-01-01",
        ),
        (f"# +expiry-time=2026-01-01T00:00:00Z\n{LABEL}", Outcome.BROKEN, "ended 2026-01-01T00:00:00Z"),
        (f"# +expiry-time=9999-12-31T23:59:59-23:59\n{LABEL}", Outcome.WELL, "until 9999-12-31T23:59:59Z"),
        (f"# +expiry-time=0001-01-01T00:00:00+23:59\n{LABEL}", Outcome.BROKEN, "ended "),
        ("mine=1\n", Outcome.NOTE, "is not ours: a file with other content"),
    ],
)
def test_whose_file_it_is(chain: Chain, content: str, outcome: Outcome, words: str) -> None:
    """A file of ours, of the Go program, of others and one whose labels ended are told apart."""
    chain.file.write_text(content)
    found = chain.findings()["file"]
    assert (found.outcome, words in found.found) == (outcome, True), found


def test_mode_that_hides_the_file(chain: Chain) -> None:
    """A file that nfd-worker cannot read is a broken link, with the command that mends it."""
    chain.file.chmod(0o600)
    assert chain.findings()["nfd"].advice.startswith(f"chmod 644 {chain.file}")
    assert chain.broken() == ["nfd"]


def test_rival_file(chain: Chain) -> None:
    """A second file with the same labels is named: NFD would take one or the other."""
    (chain.features / "zz-old.txt").write_text(f"# +expiry-time=2099-01-01T00:00:00Z\n {LABEL}")
    (chain.features / ".hidden").write_text(LABEL)
    (chain.features / "other.txt").write_text("other=1\n")
    assert chain.findings()["nfd"].found.endswith("too: zz-old.txt")


def test_rival_of_the_summary(chain: Chain) -> None:
    """A file that sets a label of our summary is a rival, too; without a summary it is none."""
    (chain.features / "zz-old.txt").write_text("gpu.intel.com/xelink-count=2\n")
    assert chain.findings()["nfd"].outcome is not Outcome.BROKEN
    summary = "gpu.intel.com/xelink-count=1\ngpu.intel.com/xelink-all-linked=true\n"
    chain.file.write_text(f"# +expiry-time=2099-01-01T00:00:00Z\n{LABEL}{summary}")
    assert chain.findings()["nfd"].found.endswith("too: zz-old.txt")


def test_closed_folder(chain: Chain) -> None:
    """A folder that others cannot enter is worth a note."""
    chain.features.chmod(0o700)
    assert "closed to other users" in chain.findings()["nfd"].found


def test_who_keeps_the_file(chain: Chain) -> None:
    """The process that has the lock is named, and its lock is left alone."""
    assert chain.findings()["lock"].found == "nobody keeps the file"
    lock = FeatureFileLock(chain.file)
    assert lock.take()
    owner = lock_path(chain.file).read_bytes()
    found = chain.findings()["lock"]
    assert (found.outcome, f"(process {os.getpid()})" in found.found) == (Outcome.WELL, True)
    assert lock_path(chain.file).read_bytes() == owner
    lock.release()


def test_two_that_want_the_file(chain: Chain) -> None:
    """When the running xelinkd waits for another one, that is a broken link."""
    state = chain.service.state
    chain.service.state = replace(state, keeping=changed(KEEPING, waits_for_lock=True))
    assert chain.broken() == ["lock", "ready"]


def test_no_service(chain: Chain) -> None:
    """A xelinkd that does not run comes last, with the command that starts it."""
    chain.configure(status={"listen": "127.0.0.1:1"})
    assert chain.broken() == ["service"]
    assert "systemctl start xelinkd" in chain.findings()["service"].advice
    lock = FeatureFileLock(chain.file)
    lock.take()
    assert "status.listen" in chain.findings()["service"].advice
    lock.release()


def test_service_that_does_not_know_the_token(chain: Chain) -> None:
    """A service that does not let the doctor in is not said to be dead."""
    chain.service.token = "sesame"  # noqa: S105  of the test
    assert "status 401" in chain.findings()["service"].found
    assert chain.broken() == ["service"]


def test_status_that_is_not_served(chain: Chain) -> None:
    """Without a status nothing is known of the service, which is no fault."""
    chain.configure(status={"listen": ""})
    assert chain.findings()["service"].outcome is Outcome.NOT_LOOKED_AT
    assert chain.broken() == []


def test_status_that_asks_for_a_certificate(chain: Chain) -> None:
    """Without a certificate to show nothing is known of the service, and the flag that gives one is named."""
    pem = str(chain.folder / "authority.pem")
    trustme.CA().cert_pem.write_to_path(pem)
    files = {"cert_file": pem, "key_file": pem, "client_ca_file": pem}
    chain.configure(status={"listen": chain.service.listen, **files})
    found = chain.findings()["service"]
    assert (found.outcome, "--client-cert" in found.found) == (Outcome.NOT_LOOKED_AT, True)


def test_service_that_is_not_ready(chain: Chain) -> None:
    """What the running xelinkd says is wrong is said here, too."""
    state = chain.service.state
    chain.service.state = replace(state, keeping=changed(KEEPING, fault=Fault("disk full", 9_000.0)))
    assert chain.findings()["ready"].found == "feature-file: disk full"


def test_service_of_another_version(chain: Chain) -> None:
    """After an upgrade without a restart, the old version that runs is noticed."""
    state = chain.service.state
    chain.service.state = replace(state, supervision=changed(state.supervision, version="0.0.1"))
    assert chain.findings()["version"].found.startswith("0.0.1 runs, and this is ")


def test_service_with_other_settings(chain: Chain) -> None:
    """Settings that are not in force are named with both values."""
    chain.configure(labels={"min_lanes": 2})
    found = chain.findings()["settings"]
    assert found.found == "it runs with others: labels.min_lanes = 4 there, 2 here"
    chain.tell_settings()
    assert chain.findings()["settings"].outcome is Outcome.WELL
