"""The graph of the GPUs in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xelinkd.model.words import count, listed
from xelinkd.views.terminal.look import good, odd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.views.gpus import Gpu
    from xelinkd.views.terminal.look import Line

_MAX_NAMES: Final = 8  # in one line
_MAX_GPUS: Final = 64  # each in a line; no machine has as many, but a page may say so


def linking(gpus: tuple[Gpu, ...]) -> Line:
    """Tell whether every GPU is linked to every other, as the end of a sentence."""
    others = len(gpus) - 1
    if others < 1:
        return ()
    if all(len(gpu.linked_to) == others for gpu in gpus):
        return ", ", good("fully linked")
    return ", ", odd("not fully linked" if any(gpu.linked_to for gpu in gpus) else "no GPUs linked")


def in_one_line(gpus: tuple[Gpu, ...]) -> tuple[Line, ...]:
    """Tell of all GPUs in one line, if there is nothing to tell them apart by; else give no line."""
    others = len(gpus) - 1
    alike = len({(gpu.links, gpu.lanes) for gpu in gpus}) == 1
    if not alike or others < 1 or any(len(gpu.linked_to) < others for gpu in gpus):
        return ()
    return (("each GPU  ", *_linked(gpus[0], others, ())),)


def gpu_lines(gpus: tuple[Gpu, ...]) -> Iterator[Line]:
    """Tell of each GPU how many others it is linked to, and by how much."""
    devices = tuple(gpu.device for gpu in gpus)
    width = len(str(max(devices, default=0)))
    for gpu in gpus[:_MAX_GPUS]:
        apart = tuple(device for device in devices if device not in {gpu.device, *gpu.linked_to})
        yield f"GPU {gpu.device:<{width}}  ", *_linked(gpu, len(gpus) - 1, apart)
    if len(gpus) > _MAX_GPUS:
        yield (f"and {len(gpus) - _MAX_GPUS} more",)


def _linked(gpu: Gpu, others: int, apart: tuple[int, ...]) -> Line:
    sizes = f", {count(gpu.links, 'link')}, {count(gpu.lanes, 'lane')}"
    if others == 0:
        return ("alone",)
    if not gpu.linked_to:
        return (odd("linked to no other"),)
    if not apart:
        return f"linked to all {others} others" if others > 1 else "linked to the other", sizes
    names = listed(map(str, apart), _MAX_NAMES)
    return f"linked to {len(gpu.linked_to)} of {others} others ", odd(f"(not to {names})"), sizes
