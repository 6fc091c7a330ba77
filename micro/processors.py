"""The processors that programs are laid out for; a new one is one entry.

    PROCESSORS["cortex-m4"].layout

`tfcaps compile --processor` takes these names, and every board of `tfcaps bench` has one of them.
"""

from __future__ import annotations

import dataclasses

from tfcaps.registry import Registry

__all__ = ["PROCESSORS", "Processor"]

PROCESSORS: Registry[Processor] = Registry("processor")


@dataclasses.dataclass(frozen=True)
class Processor:
    """What ahead-of-time C has to know of a processor; it enters itself into `PROCESSORS`.

    Attributes:
        name: As compilers call it.
        layout: The layout of weights (`tfcaps.converters.c.layouts.LAYOUTS`) that is quickest there.
        kernels: What it compiles of each kernel: a key of `tfcaps.converters.c.votes.KERNELS`.
        has_cmsis_nn: Whether CMSIS-NN is made for it.
    """

    name: str
    layout: str = "plain"
    kernels: str = "plain"
    has_cmsis_nn: bool = False

    def __post_init__(self) -> None:
        PROCESSORS.register(self.name)(self)


Processor("cortex-m0", layout="padded", kernels="thumb1", has_cmsis_nn=True)
Processor("cortex-m3", layout="padded", has_cmsis_nn=True)
Processor("cortex-m4", layout="paired", kernels="dsp", has_cmsis_nn=True)
Processor("cortex-m7", layout="paired", kernels="dsp", has_cmsis_nn=True)
Processor("cortex-m33", layout="paired", kernels="dsp", has_cmsis_nn=True)
Processor("cortex-m55", layout="padded", kernels="mve", has_cmsis_nn=True)
Processor("rv32imc", layout="interleaved", kernels="rv32")
Processor("rv32imac", layout="interleaved", kernels="rv32")
Processor("rv32gcv", kernels="rvv")
