"""The entries that decide what a path names."""

from pathlib import Path

import pytest

from xelinkd.watching.chain import MAX_LINKS, walk


def below(root: Path, path: Path) -> list[str]:
    """Give the entries of a path that are below a folder, relative to it."""
    paths = (entry.path for entry in walk(path))
    return [str(path.relative_to(root)) for path in paths if path.is_relative_to(root) and path != root]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a folder whose own path is free of symlinks."""
    return tmp_path.resolve()


def test_a_plain_file(root: Path) -> None:
    """A file counts, and so does each folder above it, from the root down."""
    file = root / "xelinkd.toml"
    file.touch()
    assert [entry.path for entry in walk(file)] == [*reversed(root.parents[:-1]), root, file]


def test_a_config_map(root: Path) -> None:
    """Of a mounted ConfigMap, the user's symlink, `..data`, the dated folder and the file count."""
    (root / "..2026_01").mkdir()
    (root / "..2026_01/xelinkd.toml").touch()
    (root / "..data").symlink_to("..2026_01")
    (root / "xelinkd.toml").symlink_to("..data/xelinkd.toml")
    expected = ["xelinkd.toml", "..data", "..2026_01", "..2026_01/xelinkd.toml"]
    assert below(root, root / "xelinkd.toml") == expected


def test_links_up_and_to_absolute_paths(root: Path) -> None:
    """Symlinks that lead up or to an absolute path are followed as the kernel does."""
    (root / "a/b").mkdir(parents=True)
    (root / "file").touch()
    (root / "up").symlink_to("a/b")
    (root / "link").symlink_to(f"/{root}/up/../../file")  # ".." of where the symlink leads
    expected = ["link", "up", "a", "a/b", "file"]
    assert below(root, root / "link") == expected


def test_it_ends_at_what_is_missing(root: Path) -> None:
    """Of a file in a missing folder, the folder counts: it must come first."""
    assert below(root, root / "missing/folder/file") == ["missing"]


def test_it_ends_below_a_file(root: Path) -> None:
    """A file where a folder should be counts as well: it may be replaced by the folder."""
    (root / "file").touch()
    assert below(root, root / "file/x")[0] == "file"


def test_a_loop_ends(root: Path) -> None:
    """Symlinks that lead to each other are followed as often as the kernel does, and no more."""
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    assert len(below(root, root / "a")) == MAX_LINKS + 1


def test_as_many_links_as_the_kernel_allows(root: Path) -> None:
    """Whatever can be opened is found."""
    (root / "0").write_text("found")
    for number in range(MAX_LINKS):
        (root / str(number + 1)).symlink_to(str(number))
    assert below(root, root / str(MAX_LINKS))[-1] == "0"
    assert (root / str(MAX_LINKS)).read_text() == "found"


def test_each_entry_is_given_before_it_is_looked_at(root: Path) -> None:
    """Nothing is missed between the start of a watch and the look at what it watches."""
    (root / "new").mkdir()
    (root / "new/file").touch()
    (root / "link").symlink_to("old")
    steps = walk(root / "link" / "file")
    assert any(entry.name == "link" for entry in steps)  # taken up to the symlink
    (root / "link").unlink()
    (root / "link").symlink_to("new")
    assert [entry.path for entry in steps] == [root / "new", root / "new/file"]
