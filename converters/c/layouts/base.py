"""What a layout is: emitters that lay constants out for a processor and call the kernels that read them so.

    SWAPPED = Layout("swapped", "Filters back to front")

    @SWAPPED.register("CONV_2D")
    def conv_2d(call: Call) -> Emission | None: ...

Such an emitter gives None for a layer that does not suit it; that layer stays plain. The kernels it calls compile on
every processor and give the same bits there, so a layout is a matter of speed and of bytes only.
"""

from __future__ import annotations

from collections.abc import Callable

from tfcaps.converters.c.ops.base import EMITTERS, Call, Emission
from tfcaps.registry import Registry

LAYOUTS: Registry[Layout] = Registry("layout")


class Layout:
    """One layout of weights; it enters itself into `LAYOUTS`.

    Args:
        name: What `tfcaps compile --layout` and the boards call it.
        summary: For people: what it does, and for which processors.
        kernels: What those compile: a key of `tfcaps.converters.c.votes.KERNELS`.
    """

    def __init__(self, name: str, summary: str, kernels: str = "plain") -> None:
        self.name = name
        self.summary = summary
        self.kernels = kernels
        self._emitters: dict[str, Callable[[Call], Emission | None]] = {}
        LAYOUTS.register(name)(self)

    @property
    def operators(self) -> frozenset[str]:
        """Those that it has emitters for."""
        return frozenset(self._emitters)

    def register(self, op: str) -> Callable[[Callable[[Call], Emission | None]], Callable[[Call], Emission | None]]:
        """A decorator that enters the emitter of an operator."""

        def enter(emitter: Callable[[Call], Emission | None]) -> Callable[[Call], Emission | None]:
            self._emitters[op] = emitter
            return emitter

        return enter

    def emit(self, call: Call) -> tuple[Emission, str]:
        """An operator in C, and the layout it has: this one, or "plain" where it does not suit."""
        emitter = self._emitters.get(call.op.name)
        emission = emitter(call) if emitter is not None else None
        return (emission, self.name) if emission is not None else (EMITTERS[call.op.name](call), "plain")


PLAIN = Layout("plain", "the order of the .tflite")
