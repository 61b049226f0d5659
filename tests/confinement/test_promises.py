"""What the workers promise, for a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xelinkd.config.schema import Config, Output, Status
from xelinkd.config.sinks import FeatureFile, NodeFeature, Sink
from xelinkd.config.sources import KINDS, Source
from xelinkd.confinement.privileges import DAC_READ_SEARCH, NET_BIND_SERVICE, NO_CAPABILITY
from xelinkd.confinement.promises import (
    Promise,
    footing,
    of_the_fetcher,
    of_the_status,
    of_the_watcher,
    of_the_writer,
)

if TYPE_CHECKING:
    import pytest


def fetcher(url: str, ca_file: str = "") -> Promise:
    """Give the fetcher's promise for a source."""
    return of_the_fetcher(Config(source=Source(url=url, ca_file=ca_file)))


def test_fetcher_connects_to_the_ports_of_its_source() -> None:
    """The port is the URL's, or its scheme's; where names are resolved, DNS over TCP is let through."""
    assert fetcher("http://127.0.0.1:29999/metrics").connects_to == (29999,)
    assert fetcher("https://[::1]/metrics").connects_to == (443,)
    assert fetcher("http://localhost/metrics").connects_to == (80, 53)


def test_fetcher_connects_to_what_its_kind_of_source_asks() -> None:
    """REST has its own port; with auto there are two, and never more than are asked."""

    def ports(**source: Any) -> tuple[int, ...]:  # noqa: ANN401  any keys
        return of_the_fetcher(Config(source=Source(**source))).connects_to

    assert ports(kind="rest") == (30000,)
    assert ports(kind="auto") == (30000, 29999)
    assert ports(kind="auto", url="https://127.0.0.1:30000/metrics") == (30000,)
    assert ports(kind="auto", rest_url="https://xpum:30000/") == (30000, 29999, 53)


def test_fetcher_uses_the_gpus_only_where_it_asks_them() -> None:
    """Level Zero opens the GPUs' device nodes and connects nowhere; who asks XPU Manager opens none."""

    def promise(kind: str) -> Promise:
        return of_the_fetcher(Config(source=Source(kind=kind)))

    gpus = Path("/dev/dri")
    assert [kind for kind in KINDS if promise(kind).uses] == ["level-zero", "auto"]
    assert promise("level-zero").uses == (gpus, Path("/dev/null"))
    assert promise("level-zero").connects_to == ()
    assert gpus in promise("level-zero").given
    assert not {Path("/sys"), Path("/proc"), gpus} & {*(promise("metrics").reads or ())}


def test_fetcher_reads_its_pin() -> None:
    """A pin file is read as a CA file is, and its replacement noticed."""
    promise = of_the_fetcher(Config(source=Source(kind="rest", pin_file="/etc/pin.pem")))
    assert promise.given == (Path("/etc/pin.pem"),)
    assert promise.keeps == DAC_READ_SEARCH


def test_fetcher_reads_the_files_it_is_given_and_not_their_folders() -> None:
    """A CA file in /etc opens that file, not /etc; without one there is nothing to read as root."""
    promise = fetcher("https://127.0.0.1", ca_file="/etc/some.pem")
    assert promise.reads is not None
    assert Path("/etc/some.pem") in promise.reads
    assert Path("/etc") not in promise.reads
    assert promise.keeps == DAC_READ_SEARCH
    assert fetcher("http://127.0.0.1").keeps == NO_CAPABILITY


def test_folder_it_was_started_in_may_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fetcher that is replaced after that starts all the same."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    here.rmdir()
    assert fetcher("http://127.0.0.1").reads


def test_nobody_but_the_writer_writes() -> None:
    """Fetcher and watcher promise to write nothing at all."""
    assert fetcher("http://127.0.0.1").writes == of_the_watcher().writes == ()


def test_writer_writes_where_the_feature_file_is_and_was(tmp_path: Path) -> None:
    """Its folders are the feature file's, those where it was before, and the staging folder."""
    new, old, staging = tmp_path / "new", tmp_path / "old", tmp_path / "a/staging"
    config = Config(feature_file=FeatureFile(path=new / "file"))
    assert of_the_writer(config, former_files=[old / "file"]).writes == (new, new / ".xelinkd", old)
    config = Config(feature_file=FeatureFile(path=new / "file", staging_dir=str(staging)))
    assert of_the_writer(config).writes == (new, staging)
    assert staging.parent in of_the_writer(config).given


def in_cluster(**others: Any) -> Config:  # noqa: ANN401  any sections
    """Give a configuration with labels in an object of a cluster."""
    there = NodeFeature(node="n", server="https://10.0.0.1:6443", credentials_dir=Path("/credentials"))
    return Config(sink=Sink(kind="node-feature"), node_feature=there, **others)


def test_writer_asks_the_api_server_and_nobody_else() -> None:
    """With labels in an object it connects there, reads its credentials and little else, writes nothing."""
    promise = of_the_writer(in_cluster())
    assert promise.connects_to == (6443,)
    assert promise.writes == ()
    assert promise.keeps == NO_CAPABILITY
    assert promise.given == (Path("/credentials"),)
    assert promise.reads is not None
    assert Path("/credentials") in promise.reads
    assert not {Path("/"), Path("/etc"), Path("/etc/resolv.conf")} & {*promise.reads}


def test_writer_with_outputs_writes_there_too() -> None:
    """Outputs are in folders of this node, wherever the labels are."""
    output = Output(format="json", file=Path("/there/file"))
    assert of_the_writer(in_cluster(outputs=(output,))).writes == (Path("/there"),)


def test_writer_that_moves_labels_reaches_both_places() -> None:
    """While labels move from an object to a file or back, the writer may do what either takes."""
    there, here = in_cluster(), Config()
    assert of_the_writer(here, [there.target]).connects_to == (6443,)
    back = of_the_writer(there, [here.target], here.target.files)
    assert here.feature_file.path.parent in back.writes


def test_what_is_replaced_is_noticed(tmp_path: Path) -> None:
    """What is made anew, or comes, or goes, changes the footing; a change inside of it does not."""
    folder = tmp_path / "folder"
    promise = Promise(given=(folder,))
    missing = footing(promise)
    folder.mkdir()
    there = footing(promise)
    (folder / "file").touch()
    assert footing(promise) == there != missing
    folder.rename(tmp_path / "aside")
    folder.mkdir()
    assert footing(promise) not in {there, missing}


def status(config: Status) -> Promise:
    """Give the promise of the process that serves the status."""
    return of_the_status(Config(status=config))


def test_status_listens_on_its_port_and_connects_nowhere() -> None:
    """The port is the configured one; only below 1024 it takes a capability to have it."""
    promise = status(Status(listen="127.0.0.1:29998"))
    assert (promise.listens_on, promise.connects_to, promise.writes) == ((29998,), (), ())
    assert promise.keeps == NO_CAPABILITY
    assert status(Status(listen="[::1]:443")).keeps == NET_BIND_SERVICE


def test_status_reads_the_files_it_is_given() -> None:
    """Token, certificate, key and client CA may be another user's; when one is replaced that is noticed."""
    promise = status(Status(token_file="/t", cert_file="/c", key_file="/k", client_ca_file="/ca"))  # noqa: S106  a file
    assert promise.keeps == DAC_READ_SEARCH
    assert promise.given == (Path("/t"), Path("/c"), Path("/k"), Path("/ca"))
    assert promise.reads is not None
    assert {*promise.given, Path("/proc")} <= set(promise.reads)
    assert Path("/") not in promise.reads
