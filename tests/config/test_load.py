"""Configuration files on a real file system."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from xelinkd.config.load import MAX_CONFIG_SIZE, Loaded, load, load_again
from xelinkd.config.overrides import Override
from xelinkd.config.problems import ConfigError, UnreadableError
from xelinkd.config.schema import DEFAULT_PATH, Config


def problem(path: Path, *, required: bool = True) -> str:
    """Load a file that cannot be used, and give the one line that says why."""
    with pytest.raises(ConfigError) as caught:
        load(path, required=required)
    (only,) = caught.value.problems
    return str(only)


def test_a_missing_file_that_was_named_is_an_error(tmp_path: Path) -> None:
    """A typing error in the file's name does not start xelinkd with other values than meant."""
    path = tmp_path / "none.toml"
    assert problem(path) == f"{path}: there is no such file; create it, or name another one"


def test_a_missing_file_that_was_not_named_means_the_defaults(tmp_path: Path) -> None:
    """Xelinkd runs without any configuration file."""
    path = tmp_path / "none.toml"
    loaded = load(path, required=False)
    assert (loaded.config, loaded.path) == (Config(), path)
    assert str(DEFAULT_PATH) == "/etc/xelinkd/xelinkd.toml"


def test_file_and_flags_are_joined(tmp_path: Path) -> None:
    """What the command line says is put over what the file says."""
    path = tmp_path / "x.toml"
    path.write_text("[labels]\nmin_lanes = 1\n", encoding="utf-8")
    loaded = load(path, [Override("log.level", "debug", "-v")], required=True)
    assert (loaded.config.labels.min_lanes, loaded.config.log.level) == (1, "debug")
    assert (loaded.origins["labels.min_lanes"], loaded.origins["log.level"]) == ("file", "flag -v")


def test_problems_name_the_file(tmp_path: Path) -> None:
    """A message about a file says which one."""
    path = tmp_path / "x.toml"
    path.write_text("a = ", encoding="utf-8")
    assert problem(path).startswith(f"{path}: line 1, column 5: ")


@pytest.mark.parametrize("required", [True, False])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, *, required: bool) -> None:
    """Nothing that is called like the file can hang xelinkd: it says what it found there."""
    directory, fifo, loop = tmp_path / "directory", tmp_path / "fifo", tmp_path / "loop"
    directory.mkdir()
    os.mkfifo(fifo)
    loop.symlink_to(loop)
    device = tmp_path / "device"
    device.symlink_to("/dev/null")
    assert "cannot be read: Is a directory; it must be" in problem(directory, required=required)
    assert "is a FIFO; name a regular file" in problem(fifo, required=required)
    assert "is a device; name a regular file" in problem(device, required=required)
    assert "cannot be read: Too many levels of symbolic links" in problem(loop, required=required)


UNREADABLE = Path("/proc/self/mem")  # a regular file whose first bytes cannot be read: EIO


def test_what_may_pass_is_told_from_what_the_file_says(tmp_path: Path) -> None:
    """A file that could not be read just now is known from one that is missing or wrong, and tried again."""
    with pytest.raises(UnreadableError, match="mem: cannot be read: Input/output error"):
        load(UNREADABLE, required=True)
    (tmp_path / "x.toml").write_text("[log", encoding="utf-8")
    for path in (tmp_path / "none.toml", tmp_path / "x.toml"):
        with pytest.raises(ConfigError) as caught:
            load(path, required=True)
        assert not isinstance(caught.value, UnreadableError)


def test_a_certificate_that_cannot_be_read_is_known_from_one_that_is_missing(tmp_path: Path) -> None:
    """A file that the configuration points to is tried again, too, as long as it is there and unreadable."""
    path, missing = tmp_path / "x.toml", tmp_path / "ca.pem"
    assert not load_with_ca(path, UNREADABLE).is_whole
    assert load_with_ca(path, missing).is_whole
    assert not load_with_ca(path, UNREADABLE).asks_for_the_same(load_with_ca(path, missing))


def test_a_password_that_cannot_be_read_for_a_moment_is_no_other_password(tmp_path: Path) -> None:
    """A disk's error costs no login: what cannot be read just now is taken for what it was."""
    path, ca_file = tmp_path / "x.toml", tmp_path / "ca.pem"
    ca_file.write_text("certificates")
    before = load_with_ca(path, ca_file)
    ca_file.unlink()
    ca_file.symlink_to(UNREADABLE)
    meanwhile = load_again(before)
    assert not meanwhile.is_whole
    assert meanwhile.asks_for_the_same(before)
    ca_file.unlink()
    ca_file.write_text("certificates")
    assert load_again(meanwhile).asks_for_the_same(before)


def test_a_socket_is_refused(tmp_path: Path) -> None:
    """A socket in the file's place is an error like any other."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert "cannot be read: No such device or address" in problem(path)


def test_only_small_files_are_read(tmp_path: Path) -> None:
    """A log file given by mistake is not read into memory; a file of just the limit is."""
    path = tmp_path / "x.toml"
    path.write_bytes(b"#" * MAX_CONFIG_SIZE)
    assert load(path, required=True).config == Config()
    path.write_bytes(b"#" * (MAX_CONFIG_SIZE + 1))
    assert problem(path) == f"{path}: is larger than 65536 bytes; shorten it, or name another file"


def test_reading_leaves_no_descriptor_open(tmp_path: Path) -> None:
    """A daemon that meets a bad file again and again does not run out of descriptors."""
    os.mkfifo(tmp_path / "fifo")
    before = os.listdir("/proc/self/fd")  # noqa: PTH208  # a Path for each would add nothing
    for path in (tmp_path, tmp_path / "fifo"):
        problem(path)
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208  # the same


def load_with_ca(path: Path, ca_file: Path) -> Loaded:
    """Load a configuration that points to a certificate."""
    path.write_text(f'[source]\nurl = "https://h/"\nca_file = "{ca_file}"\n', encoding="utf-8")
    return load(path, required=True)


def test_only_changes_that_matter_count_as_changes(tmp_path: Path) -> None:
    """A comment, or a default written out, restarts nothing."""
    path = tmp_path / "x.toml"
    path.write_text("", encoding="utf-8")
    before = load(path, required=True)
    path.write_text('# note\n[log]\nlevel = "info"\n', encoding="utf-8")
    assert load(path, required=True).asks_for_the_same(before)
    path.write_text('[log]\nlevel = "debug"\n', encoding="utf-8")
    assert not load(path, required=True).asks_for_the_same(before)


def test_a_rotated_certificate_is_a_change(tmp_path: Path) -> None:
    """A certificate that is renewed, removed or put back is noticed, though the configuration is the same."""
    path, ca_file = tmp_path / "x.toml", tmp_path / "ca.pem"
    missing = load_with_ca(path, ca_file)
    ca_file.write_text("first", encoding="utf-8")
    first = load_with_ca(path, ca_file)
    ca_file.write_text("other", encoding="utf-8")
    other = load_with_ca(path, ca_file)
    ca_file.unlink()
    assert len({loaded.fingerprints[ca_file] for loaded in (missing, first, other)}) == 3
    assert load_with_ca(path, ca_file).asks_for_the_same(missing)
    assert missing.config == first.config == other.config
