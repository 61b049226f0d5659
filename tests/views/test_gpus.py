"""The graph of the GPUs, and its words."""

from __future__ import annotations

from xelinkd.model.topology import Tile
from xelinkd.views.gpus import Gpu, gpus
from xelinkd.views.terminal.gpu_text import gpu_lines, in_one_line, linking
from xelinkd.views.terminal.look import PLAIN


def tiles(*names: str) -> tuple[Tile, ...]:
    """Give tiles by their names."""
    return tuple(Tile(*map(int, name.split("."))) for name in names)


def words(shown: tuple[Gpu, ...]) -> list[str]:
    """Give the lines that are shown."""
    return [PLAIN.line(line) for line in in_one_line(shown) or gpu_lines(shown)]


def test_links_of_a_gpu_to_itself_do_not_count() -> None:
    """A GPU whose tiles are joined with each other is linked to no other GPU."""
    assert gpus(tiles("0.0", "0.1"), {tiles("0.0", "0.1"): 8}) == (Gpu(0, (), 0, 0),)  # type: ignore[dict-item]


def test_lanes_of_all_tiles_add_up() -> None:
    """Both ends of each link count its lanes once."""
    links = {tiles("0.0", "1.1"): 8, tiles("0.1", "1.0"): 6, tiles("1.0", "2.0"): 4}
    assert gpus(tiles("0.0", "0.1", "1.0", "1.1", "2.0"), links) == (  # type: ignore[arg-type]
        Gpu(0, (1,), 2, 14),
        Gpu(1, (0, 2), 3, 18),
        Gpu(2, (1,), 1, 4),
    )


def test_gpus_that_are_alike_take_one_line() -> None:
    """A machine as it should be is told in few words."""
    alike = tuple(Gpu(device, tuple({0, 1, 2} - {device}), 4, 32) for device in range(3))
    assert words(alike) == ["each GPU  linked to all 2 others, 4 links, 32 lanes"]
    assert PLAIN.line(linking(alike)) == ", fully linked"


def test_gpus_that_differ_take_a_line_each() -> None:
    """What is not as elsewhere is seen at once."""
    odd = (Gpu(0, (1,), 2, 14), Gpu(1, (0,), 2, 14), Gpu(10, (), 0, 0))
    assert words(odd) == [
        "GPU 0   linked to 1 of 2 others (not to 10), 2 links, 14 lanes",
        "GPU 1   linked to 1 of 2 others (not to 10), 2 links, 14 lanes",
        "GPU 10  linked to no other",
    ]
    assert PLAIN.line(linking(odd)) == ", not fully linked"


def test_few_gpus() -> None:
    """One GPU has no others, and two that are not linked are said to be so."""
    assert words((Gpu(0, (), 0, 0),)) == ["GPU 0  alone"]
    assert linking((Gpu(0, (), 0, 0),)) == ()
    assert PLAIN.line(linking((Gpu(0, (), 0, 0), Gpu(1, (), 0, 0)))) == ", no GPUs linked"


def test_more_gpus_than_any_machine_has() -> None:
    """A page that makes up GPUs by the thousand fills no terminal."""
    made_up = tuple(Gpu(device, (), 0, 0) for device in range(5000))
    assert words(made_up)[-1] == "and 4936 more"
