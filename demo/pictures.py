"""Makes the pictures of the terminal in docs/images/: `xelinkd show` and `xelinkd status` in colour, as SVG.

The real program is asked on a terminal, beside a simulated node on which a link has just failed. Ports and
paths of the demo are told as the defaults; nothing else is changed. Run it by hand, when the output changes.
"""

from __future__ import annotations

import io
import os
import pty
import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from demo.sinks import FeatureFile
from demo.sources import Simulator
from demo.stage import CONFIG, FILE, FOLDER, LINK, LOG, PORT, XELINKD, configure, running, wait_for
from xelinkd.config.schema import Config

IMAGES: Final = Path(__file__).resolve().parent.parent / "docs" / "images"
ARROW: Final = "$ "
# Rich's own fetches a font from elsewhere.
FORM: Final = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px "DejaVu Sans Mono", Menlo, monospace; }}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> None:
    """Let a link fail, and take both pictures."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with ExitStack() as stack:
        simulator, file = stack.enter_context(Simulator()), stack.enter_context(FeatureFile())
        configure(simulator, file, namespace="gpu.intel.com")
        stack.enter_context(running([*XELINKD, "run", "--config", str(CONFIG)], LOG))
        wait_for(file.links, "the labels")
        simulator.set_link(LINK, up=False)
        wait_for(lambda: LINK not in file.links(), "the label to go")
        time.sleep(2)  # so that times read like times
        for verb in ("show", "status"):
            draw(verb, as_if_installed(on_a_terminal(verb), simulator.url))


def on_a_terminal(verb: str) -> str:
    """Give what the verb prints on a terminal with colours."""
    shown = bytearray()

    def read(terminal: int) -> bytes:
        part = os.read(terminal, 65_536)
        shown.extend(part)
        return part

    os.environ["TERM"] = "xterm"
    os.environ.pop("NO_COLOR", None)
    pty.spawn([*XELINKD, verb, "--config", str(CONFIG)], read)
    return shown.decode().replace("\r\n", "\n")


def as_if_installed(told: str, url: str) -> str:
    """Give it as it were with the default ports and paths."""
    usual = Config()
    for here, there in (
        (url, usual.source.url),
        (f"127.0.0.1:{PORT}", usual.status.listen),
        (str(FILE), str(usual.feature_file.path)),
        (str(CONFIG), "/etc/xelinkd/xelinkd.toml"),
    ):
        told = told.replace(here, there)
    return told


def draw(verb: str, told: str) -> None:
    """Write the picture."""
    text = Text.from_ansi(f"{ARROW}xelinkd {verb}\n{told}")
    width = max(map(len, text.plain.splitlines()))
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    console.print(text, soft_wrap=True)
    svg = console.export_svg(title="", theme=MONOKAI, code_format=FORM, unique_id=f"xelinkd-{verb}")
    (IMAGES / f"{verb}.svg").write_text(svg)


if __name__ == "__main__":
    main()
