"""Prints the configuration of nfpm for one kind of package, as JSON, for what tools/packages has staged.

Usage: nfpm.py deb|rpm FOLDER VERSION MAINTAINER. FOLDER has root/ with the files at their places, and
what the program needs: depends.deb (as dpkg-shlibdeps writes it) and depends.rpm (lines of elfdeps).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
CONFIGURATION: Final = "/etc/xelinkd/xelinkd.toml"
# What zsh looks into differs; in a Debian package the licence is the file `copyright`.
NOT_IN: Final = {
    "deb": ("/usr/share/zsh/site-functions", "/usr/share/licenses"),
    "rpm": ("/usr/share/zsh/vendor-completions", "/usr/share/lintian", "/usr/share/doc/xelinkd/changelog.gz"),
}
OWN_FOLDERS: Final = (
    "/etc/xelinkd",
    "/usr/libexec/xelinkd",
    "/usr/share/doc/xelinkd",
    "/usr/share/licenses/xelinkd",
    "/usr/share/xelinkd",
)
SUMMARY: Final = "XeLink labels for nodes with Intel Data Center GPU Max"
DESCRIPTION: Final = """\
Asks XPU Manager which GPU tiles are joined by XeLink, and keeps a feature file
of Node Feature Discovery true, so that schedulers can place work on linked
GPUs. It takes the place of Intel's XeLink sidecar, with the same labels and
flags; labels are held on a lease, and a failed scrape does not wipe them."""


def contents(kind: str, root: Path) -> list[dict[str, Any]]:
    """List each file at its place, and the folders that are nobody else's."""
    return [
        _entry(path, place)
        for path in sorted(root.rglob("*"))
        for place in [f"/{path.relative_to(root)}"]
        if not place.startswith(NOT_IN[kind]) and (not _is_folder(path) or place.startswith(OWN_FOLDERS))
    ]


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _entry(path: Path, place: str) -> dict[str, Any]:
    if _is_folder(path):
        return {"dst": place, "type": "dir", "file_info": {"mode": 0o755}}
    if path.is_symlink():
        return {"src": str(path.readlink()), "dst": place, "type": "symlink"}
    return {
        "src": str(path),
        "dst": place,
        **({"type": "config|noreplace"} if place == CONFIGURATION else {}),
    }


def deb(folder: Path) -> dict[str, Any]:
    """Give what is a Debian package's alone."""
    libraries = (folder / "depends.deb").read_text().partition("=")[2].strip().split(", ")
    return {
        "section": "admin",
        "description": "\n ".join((SUMMARY, *DESCRIPTION.split("\n"))),
        "depends": [*libraries, "systemd (>= 252)"],
        "suggests": ["acl"],
        "scripts": _scripts("deb", "postinst", "prerm", "postrm"),
        "deb": {
            "compression": "xz",
            # systemd comes to know other types of services when it is upgraded.
            "triggers": {"interest_noawait": ["/lib/systemd/systemd", "/usr/lib/systemd/systemd"]},
        },
    }


def rpm(folder: Path) -> dict[str, Any]:
    """Give what is an RPM's alone."""
    return {
        "license": "Apache-2.0 AND PSF-2.0 AND BSD-3-Clause AND MIT",
        "description": DESCRIPTION,
        "depends": [*(folder / "depends.rpm").read_text().split(), "systemd >= 252"],
        "scripts": _scripts("rpm", "post", "preun", "postun"),
        "rpm": {"compression": "xz", "summary": SUMMARY},
    }


def _scripts(kind: str, *names: str) -> dict[str, str]:
    keys = ("postinstall", "preremove", "postremove")
    return {key: str(HERE / kind / name) for key, name in zip(keys, names, strict=True)}


def main(kind: str, folder: Path, version: str, maintainer: str) -> None:
    """Print it."""
    common = {
        "name": "xelinkd",
        "arch": "amd64",
        "platform": "linux",
        "version": version,
        "maintainer": maintainer,
        "contents": contents(kind, folder / "root"),
    }
    print(json.dumps(common | {"deb": deb, "rpm": rpm}[kind](folder), indent=2))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
