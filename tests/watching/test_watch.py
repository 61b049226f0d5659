"""From a change to its announcement: real files, and every way in which people change them."""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import wait
from pathlib import Path

import pytest

from xelinkd.watching.settling import GRACE
from xelinkd.watching.watch import Watch

DEADLINE = 20.0  # seconds
OLD = "old content\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a folder with the configuration in it, in a folder of its own, and one beside it."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/file").write_text(OLD)
    (tmp_path / "beside").mkdir()
    return tmp_path


def announcements(watch: Watch) -> Iterator[None]:
    """Wait for one announcement after the other, as the watcher does."""
    deadline = time.monotonic() + DEADLINE
    while (now := time.monotonic()) < deadline:
        if watch.poll(now):
            yield
        else:
            due = watch.timeout(now)
            wait([watch.fileno()], deadline - now if due is None else due)
    pytest.fail("no announcement came")


def contents_until(watch: Watch, file: Path, expected: str) -> set[str]:
    """Read the file at each announcement, until it has the content expected; give what it had before."""
    found = set()
    for _ in announcements(watch):
        content = file.read_text() if file.exists() else "missing"
        if content == expected:
            break
        found.add(content)
    return found


def in_place(root: Path, content: str) -> None:
    """Write as `echo > file` does."""
    (root / "etc/file").write_text(content)


def cp(root: Path, content: str) -> None:
    """Copy another file over it."""
    (root / "new").write_text(content)
    subprocess.run(["cp", root / "new", root / "etc/file"], check=True)  # noqa: S607  whichever cp there is


def sed(root: Path, content: str) -> None:
    """Edit with `sed -i`, which renames."""
    script = f"s/.*/{content.strip()}/"
    subprocess.run(["sed", "-i", script, root / "etc/file"], check=True)  # noqa: S607  whichever sed there is


def vim(root: Path, content: str) -> None:
    """Move the file to a backup and write a new one, as vim does."""
    (root / "etc/file").rename(root / "etc/file~")
    (root / "etc/file").write_text(content)
    (root / "etc/file~").unlink()


def mv(root: Path, content: str) -> None:
    """Move a file there from elsewhere."""
    (root / "new").write_text(content)
    (root / "new").rename(root / "etc/file")


def move_away_and_write(root: Path, content: str) -> None:
    """Move the file elsewhere and write a new one."""
    (root / "etc/file").rename(root / "beside/file")
    (root / "etc/file").write_text(content)


def delete_and_write(root: Path, content: str) -> None:
    """Delete the file; it comes back."""
    (root / "etc/file").unlink()
    (root / "etc/file").write_text(content)


def delete_folder_and_write(root: Path, content: str) -> None:
    """Delete the folder; it comes back."""
    shutil.rmtree(root / "etc")
    (root / "etc").mkdir()
    (root / "etc/file").write_text(content)


def replace_folder(root: Path, content: str) -> None:
    """Rename another folder to its name."""
    (root / "new").mkdir()
    (root / "new/file").write_text(content)
    (root / "etc").rename(root / "beside/old")
    (root / "new").rename(root / "etc")
    shutil.rmtree(root / "beside/old")


def write_by_another_name(root: Path, content: str) -> None:
    """Write through a hard link in another folder."""
    (root / "beside/file").unlink(missing_ok=True)
    (root / "beside/file").hardlink_to(root / "etc/file")
    (root / "beside/file").write_text(content)


def turn_into_link(root: Path, content: str) -> None:
    """Replace the file by a symlink to another folder."""
    (root / "beside/file").write_text(content)
    (root / "etc/link").symlink_to("../beside/file")
    (root / "etc/link").rename(root / "etc/file")


@pytest.mark.parametrize(
    "change",
    [
        in_place,
        cp,
        sed,
        vim,
        mv,
        move_away_and_write,
        delete_and_write,
        delete_folder_and_write,
        replace_folder,
        write_by_another_name,
        turn_into_link,
    ],
)
def test_ways_to_change_a_file(change: Callable[[Path, str], None], root: Path) -> None:
    """However a file is changed, and changed again, its new content is announced, and never a part of it."""
    with Watch([root / "etc/file"]) as watch:
        assert contents_until(watch, root / "etc/file", OLD) == set()
        for old, new in [(OLD, "1st content\n"), ("1st content\n", "2nd\n"), ("2nd\n", "and the 3rd\n")]:
            change(root, new)
            assert contents_until(watch, root / "etc/file", new) <= {old, "missing"}
        assert watch.mode == "inotify"


def swap(volume: Path, number: int) -> None:
    """Publish a ConfigMap's content as the kubelet does (1.31, AtomicWriter)."""
    folder = volume / f"..2026_01_01_00_00_0{number}.123456789"
    folder.mkdir()
    (folder / "file").write_text(str(number))
    (volume / "..data_tmp").symlink_to(folder.name)
    before = (volume / "..data").resolve() if (volume / "..data").is_symlink() else None
    (volume / "..data_tmp").rename(volume / "..data")
    if before is None:
        (volume / "file").symlink_to("..data/file")
    else:
        shutil.rmtree(before)


def test_a_config_map(tmp_path: Path) -> None:
    """A ConfigMap is announced after each swap of its `..data`, and from before its first publication."""
    with Watch([tmp_path / "file"]) as watch:
        for number in range(5):
            swap(tmp_path, number)
            found = contents_until(watch, tmp_path / "file", str(number))
            assert found <= {str(number - 1), "missing"}


def retarget(link: Path, target: str) -> None:
    """Point a symlink elsewhere, at one stroke."""
    link.with_name("next").symlink_to(target)
    link.with_name("next").rename(link)


def test_symlinks_to_the_file_and_to_its_folder(root: Path) -> None:
    """A symlinked file is followed: its target's changes, another target, and another folder on the way."""
    (root / "link").symlink_to("current/file")
    (root / "current").symlink_to("etc")
    with Watch([root / "link"]) as watch:
        assert contents_until(watch, root / "link", OLD) == set()
        in_place(root, "rewritten")
        assert contents_until(watch, root / "link", "rewritten") <= {OLD}
        mv(root, "replaced")
        assert contents_until(watch, root / "link", "replaced") <= {"rewritten"}
        (root / "beside/file").write_text("in the other folder")
        retarget(root / "current", "beside")
        assert contents_until(watch, root / "link", "in the other folder") <= {"replaced"}
        (root / "beside/file").write_text("rewritten there")
        assert contents_until(watch, root / "link", "rewritten there") <= {"in the other folder"}
        retarget(root / "link", "etc/file")
        assert contents_until(watch, root / "link", "replaced") <= {"rewritten there"}


def test_several_files_some_missing(root: Path) -> None:
    """A certificate that is put into a folder that did not exist is announced as the configuration is."""
    with Watch([root / "etc/file", root / "tls/private/ca.pem"]) as watch:
        assert contents_until(watch, root / "etc/file", OLD) == set()
        (root / "tls/private").mkdir(parents=True)
        (root / "tls/private/ca.pem").write_text("certificate")
        assert contents_until(watch, root / "tls/private/ca.pem", "certificate") <= {"missing"}
        (root / "etc/file").write_text("new")
        assert contents_until(watch, root / "etc/file", "new") <= {OLD}


def rung(watch: Watch) -> None:
    """Wait until something has happened."""
    assert wait([watch.fileno()], DEADLINE)


@pytest.fixture
def watch(root: Path) -> Iterator[Watch]:
    """Watch the file, with the first announcement made, at 0.1 s of the test's own clock."""
    with Watch([root / "etc/file"]) as watch:
        rung(watch)
        assert not watch.poll(0.0)
        assert watch.timeout(0.0) == GRACE
        assert watch.poll(GRACE)
        yield watch


def test_rest(watch: Watch) -> None:
    """While nothing happens, nobody is woken."""
    assert watch.timeout(GRACE) is None
    assert not watch.poll(99.0)
    assert not wait([watch.fileno()], 0)


def test_a_slow_writer(watch: Watch, root: Path) -> None:
    """A file that is written slowly is announced when it is closed, and not before."""
    with (root / "etc/file").open("w") as file:
        for _ in range(3):
            file.write("half")
            file.flush()
            rung(watch)
            assert not watch.poll(7.0)
            assert watch.timeout(7.0) == 1.0
    deadline = time.monotonic() + DEADLINE
    while not watch.poll(7.0):  # no time passes
        assert time.monotonic() < deadline


def test_a_writer_that_never_closes(watch: Watch, root: Path) -> None:
    """A file that is left open is announced after a second without a write."""
    with (root / "etc/file").open("w") as file:
        file.write("all there is")
        file.flush()
        rung(watch)
        assert not watch.poll(5.0)
        now = 5.0
        while not watch.poll(now):  # events that came late count from when they were seen
            now += watch.timeout(now) or 0.0
        assert now >= 6.0


def test_it_ends_without_a_trace(root: Path) -> None:
    """After the watch nothing is left that runs."""
    before = set(threading.enumerate())
    with Watch([root / "etc/file"]):
        started = set(threading.enumerate()) - before
        assert started
    assert not any(thread.is_alive() for thread in started)


# Announces to its standard output; the argument says what it must do without.
PROGRAM = f"""
import ctypes, os, resource, sys, time
from multiprocessing.connection import wait
from xelinkd.watching.watch import Watch

lack, file = sys.argv[1:]
if lack == "override":  # root may read everything; without these two capabilities it may not
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP: takes effect at exec
    os.execv(sys.executable, [*sys.orig_argv[:-2], "nothing", file])
limits = resource.getrlimit(resource.RLIMIT_NOFILE)
if lack == "descriptors":
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, limits[1]))
with Watch([file], interval=0.05) as watch:
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    deadline = time.monotonic() + {DEADLINE}
    while (now := time.monotonic()) < deadline:
        if watch.poll(now):
            print(watch.mode, watch.mode_reason, open(file).read(), sep="|", flush=True)
        wait([watch.fileno(), 0], watch.timeout(now))
        if wait([0], 0):
            break
"""


@pytest.fixture
def start() -> Iterator[Callable[[str, Path], Iterator[str]]]:
    """Start a process that watches a file and lacks something; its announcements are lines."""
    processes = []

    def start(lack: str, file: Path) -> Iterator[str]:
        command = [sys.executable, "-c", PROGRAM, lack, str(file)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout
        return iter(process.stdout)

    yield start
    for process in processes:
        process.communicate()  # closes its standard input, which ends it
        assert process.returncode == 0


def until(lines: Iterator[str], expected: str) -> bool:
    """Read announcements until the one expected has come."""
    return any(line.rstrip("\n") == expected for line in lines)


def test_without_inotify(start: Callable[[str, Path], Iterator[str]], root: Path) -> None:
    """Where no inotify instance can be had, the file is looked at again and again, and the reason is told."""
    (root / "etc/file").write_text("old")
    lines = start("descriptors", root / "etc/file")
    reason = "polling|[Errno 24] inotify instance limit reached"
    assert until(lines, f"{reason}|old")
    mv(root, "new")
    assert until(lines, f"{reason}|new")


def test_a_folder_that_could_never_be_read(start: Callable[[str, Path], Iterator[str]], root: Path) -> None:
    """A folder that was unreadable from the start is no obstacle: its file is looked at."""
    (root / "etc/file").write_text("old")
    (root / "etc").chmod(0o311)
    lines = start("override", root / "etc/file")
    assert until(lines, f"polling|directory {(root / 'etc').resolve()} may not be read|old")
    (root / "etc").chmod(0o755)


def test_a_folder_that_may_not_be_read(start: Callable[[str, Path], Iterator[str]], root: Path) -> None:
    """When a folder turns unreadable, of which inotify would tell nothing, the file is looked at instead."""
    (root / "etc/file").write_text("old")
    lines = start("override", root / "etc/file")
    assert until(lines, "inotify|None|old")
    (root / "etc").chmod(0o311)
    reason = f"polling|directory {(root / 'etc').resolve()} may not be read"
    assert until(lines, f"{reason}|old")
    mv(root, "new")
    assert until(lines, f"{reason}|new")
    (root / "etc").chmod(0o755)
