"""What fetcher, writer, watcher and remover may not do, tried inside real workers."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import prepared
from support.acting import REFUSED, act, needs_landlock

if TYPE_CHECKING:
    from support.daemon import Daemon

pytestmark = needs_landlock


def test_fetcher_writes_nowhere(node: Daemon) -> None:
    """A fetcher that is taken over can write, truncate, make, move or remove no file anywhere."""
    secret, other = str(node.folder / "secret"), str(node.features / "other.txt")
    outcomes = act(
        node,
        "fetcher",
        ("write", str(node.file)),
        ("write", f"{node.folder}/elsewhere/file"),
        ("write", secret),
        ("truncate", other),
        ("remove", other),
        ("make folder", f"{node.features}/folder"),
        ("link", f"{node.features}/link"),
        ("rename", [other, f"{node.folder}/elsewhere/file"]),
    )
    assert set(outcomes) <= {REFUSED, "OSError"}
    assert Path(other).read_text() == "another feature"


def test_fetcher_reads_only_what_it_must(node: Daemon) -> None:
    """It cannot read what else there is on the node, its supervisor's memory and environment included."""
    outcomes = act(
        node,
        "fetcher",
        ("read", str(node.folder / "secret")),
        ("read", str(node.config)),
        ("read", "/etc/passwd"),
        ("list", str(node.folder)),
        ("look into supervisor", "environ"),
        ("look into supervisor", "mem"),
    )
    assert outcomes == [REFUSED] * 6


def test_fetcher_connects_only_to_the_source(
    node: Daemon, source: socket.socket, listener: socket.socket
) -> None:
    """It reaches the source's port by TCP and no other, listens on none, and meets no abstract socket."""
    with socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f"\0xelinkd-test-{os.getpid()}")
        abstract.listen()
        outcomes = act(
            node,
            "fetcher",
            ("connect", list(source.getsockname())),
            ("connect", list(listener.getsockname())),
            ("bind", 0),
            ("connect", abstract.getsockname().decode()),
        )
    assert outcomes == ["done", REFUSED, REFUSED, REFUSED]


def test_fetcher_with_a_choice_connects_to_both(
    node: Daemon, source: socket.socket, listener: socket.socket
) -> None:
    """With auto it reaches REST's port and the page's, and reads the pin."""
    pin = node.folder / "pin.pem"
    pin.write_text("certificate")
    rest = f"https://127.0.0.1:{listener.getsockname()[1]}/rest"
    node.configure(source={"kind": "auto", "rest_url": rest, "pin_file": str(pin)})
    with socket.create_server(("127.0.0.1", 0)) as other:
        outcomes = act(
            node,
            "fetcher",
            ("connect", list(source.getsockname())),
            ("connect", list(listener.getsockname())),
            ("connect", list(other.getsockname())),
            ("read", str(pin)),
        )
    assert outcomes == ["done", "done", REFUSED, "done"]


def test_fetcher_that_asks_the_gpus_reaches_nothing_else(node: Daemon, source: socket.socket) -> None:
    """With Level Zero it reads what a driver takes, connects nowhere, and writes and executes nothing."""
    node.configure(source={"kind": "level-zero"})
    outcomes = act(
        node,
        "fetcher",
        ("list", "/sys/class"),
        ("write", os.devnull),
        ("connect", list(source.getsockname())),
        ("read", str(node.config)),
        ("read", "/etc/passwd"),
        ("write", str(node.file)),
        ("make folder", "/usr/xelinkd-test"),
        ("execute", "/bin/true"),
        ("look into supervisor", "environ"),
    )
    assert outcomes == ["done"] * 2 + [REFUSED] * 7


def test_fetcher_has_no_other_power(node: Daemon) -> None:
    """It executes nothing, signals nobody, and has no capabilities, even as root."""
    outcomes = act(
        node,
        "fetcher",
        ("execute", "/bin/true"),
        ("signal supervisor", 0),
        ("change root", "/"),
        ("give away", str(node.file)),
    )
    assert outcomes[:3] == [REFUSED] * 3
    assert outcomes[3] in {REFUSED, "FileNotFoundError"}


def test_fetcher_can_do_its_work(node: Daemon) -> None:
    """It resolves names, loads modules late, and reads the CA and password files it is given."""
    ca, password = node.folder / "tls" / "ca.pem", node.folder / "password"
    ca.parent.mkdir()
    ca.write_text("certificate")
    password.write_text("password")
    url = f"https://localhost:{node.url.rsplit(':', 1)[1]}"
    node.configure(
        source={"url": url, "ca_file": str(ca), "user": "xpumadmin", "password_file": str(password)}
    )
    outcomes = act(
        node,
        "fetcher",
        ("read", str(ca)),
        ("read", str(password)),
        ("resolve", "localhost"),
        ("import", "_strptime"),
        ("import", "wave"),
        ("read", str(node.folder / "secret")),
    )
    assert outcomes == ["done"] * 5 + [REFUSED]


def test_writer_writes_only_in_its_folders(node: Daemon) -> None:
    """A writer changes files in the feature file's folder (the hidden one included), and nowhere else."""
    (node.features / ".xelinkd").mkdir()
    outcomes = act(
        node,
        "writer",
        ("write", str(node.features / ".xelinkd/new")),
        ("rename", [str(node.features / ".xelinkd/new"), str(node.file)]),
        ("remove", str(node.file)),
        ("write", str(node.folder / "elsewhere/file")),
        ("truncate", str(node.folder / "secret")),
        ("rename", [str(node.folder / "secret"), str(node.features / "secret")]),
        ("make folder", str(node.folder / "elsewhere/folder")),
    )
    assert outcomes[:3] == ["done"] * 3
    assert set(outcomes[3:]) <= {REFUSED, "OSError"}
    assert (node.folder / "secret").read_text() == "precious"


@pytest.mark.parametrize("worker", ["writer", "watcher", "remover"])
def test_only_the_fetcher_has_a_network(node: Daemon, worker: str, source: socket.socket) -> None:
    """The other workers connect to nothing by TCP, listen on nothing, execute nothing, signal nobody."""
    outcomes = act(
        node,
        worker,
        ("connect", list(source.getsockname())),
        ("bind", 0),
        ("execute", "/bin/true"),
        ("signal supervisor", 0),
        ("change root", "/"),
    )
    assert outcomes == [REFUSED] * 5


@pytest.mark.parametrize("worker", ["writer", "remover"])
def test_writer_with_an_object_reaches_the_api_server_alone(
    node: Daemon, source: socket.socket, listener: socket.socket, worker: str
) -> None:
    """With labels in an object it reads its credentials, also renewed ones, and writes to no file."""
    credentials = node.folder / "credentials"
    (credentials / "..1").mkdir(parents=True)
    (credentials / "..1/token").write_text("token")
    (credentials / "..data").symlink_to("..1")
    server = f"https://127.0.0.1:{listener.getsockname()[1]}"
    settings = {"node": "node-1", "server": server, "credentials_dir": str(credentials)}
    node.configure(sink={"kind": "node-feature"}, node_feature=settings)
    outcomes = act(
        node,
        worker,
        ("connect", list(listener.getsockname())),
        ("read", f"{credentials}/..data/token"),
        ("connect", list(source.getsockname())),
        ("read", str(node.folder / "secret")),
        ("read", str(node.config)),
        ("read", "/etc/passwd"),
        ("write", f"{credentials}/token"),
        ("write", str(node.file)),
        ("bind", 0),
        ("execute", "/bin/true"),
        ("signal supervisor", 0),
        ("look into supervisor", "environ"),
    )
    assert outcomes == ["done"] * 2 + [REFUSED] * 10


def test_watcher_writes_nowhere(node: Daemon) -> None:
    """The watcher reads what is configured and changes nothing."""
    outcomes = act(
        node,
        "watcher",
        ("read", str(node.config)),
        ("write", str(node.config)),
        ("write", str(node.file)),
        ("truncate", str(node.folder / "secret")),
    )
    assert outcomes == ["done"] + [REFUSED] * 3


def test_staging_folder_elsewhere_is_made(node: Daemon) -> None:
    """A staging folder of the user's choice is made if it is missing, and nothing is written beside it."""
    staging = node.folder / "elsewhere/staging"
    node.configure(feature_file={"staging_dir": str(staging)})
    assert act(
        node,
        "writer",
        ("write", str(staging / "new")),
        ("rename", [str(staging / "new"), str(node.file)]),
        ("write", str(node.folder / "elsewhere/file")),
    ) == ["done", "done", REFUSED]


def test_staging_folder_may_be_a_link(node: Daemon) -> None:
    """A staging folder that is a symbolic link to another place serves as well."""
    (node.folder / "elsewhere/real").mkdir()
    (node.features / ".xelinkd").symlink_to(node.folder / "elsewhere/real")
    staged = str(node.features / ".xelinkd/new")
    assert act(node, "writer", ("write", staged), ("rename", [staged, str(node.file)])) == ["done", "done"]


def test_no_descriptor_is_passed_on(node: Daemon) -> None:
    """A file that xelinkd was started with open is closed in its workers, above a lowered limit too."""
    with (node.folder / "secret").open("rb") as secret:
        number = fcntl.fcntl(secret.fileno(), fcntl.F_DUPFD, 300)
    act = json.dumps([("read descriptor", number)])
    inside = [sys.executable, "-m", "support.inside", "fetcher", str(node.config), act]
    command = ["/bin/sh", "-c", 'ulimit -n 256 && exec "$@"', "sh", *inside]
    try:
        outcomes = subprocess.check_output(command, cwd=prepared.TESTS, pass_fds=(number,), timeout=60)
    finally:
        os.close(number)
    assert json.loads(outcomes) == ["OSError"]
