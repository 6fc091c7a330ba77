"""What the kernels of a processor do with room for the votes of a capsule layer, and whether that pays.

    keeping("mve", shape) == Keeping.SLOWER

Where votes are made quickly, finding them again takes longer than making them, or the loops do not look for them at
all. `micro/src/tfcaps_routing_*.c` decide; counts of both policies on the boards are in `docs/performance.md`.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable

__all__ = ["KERNELS", "POLICIES", "Keeping", "Shape", "keeping"]

POLICIES = ("votes recomputed", "votes kept")


class Keeping(enum.Enum):
    """What room for all votes leads to."""

    NEVER = "they are made again all the same"
    SLOWER = "they are kept, and more instructions executed"
    QUICKER = "they are kept, and fewer instructions executed"


@dataclasses.dataclass(frozen=True)
class Shape:
    """A capsule layer on weights in the order of the file, as far as it chooses a loop.

    Attributes:
        depth: K, elements of an input capsule.
        capsules: J, output capsules.
        dimension: D, their elements.
        vote_shift: Of the operator's options.
        near_exps: Whether its logits have all 24 fraction bits and its couplings do not carry.
    """

    depth: int
    capsules: int
    dimension: int
    vote_shift: int
    near_exps: bool


def _plain(shape: Shape) -> Keeping:
    return Keeping.QUICKER


def _dsp(shape: Shape) -> Keeping:
    """Passes of tfcaps_passes_any.c."""
    of_4 = shape.depth == 4 and shape.dimension % 2 == 0 and shape.capsules * shape.dimension >= 6
    of_8 = shape.depth == 8 and shape.dimension % 4 == 0
    made = (of_4 and shape.vote_shift == 0) or (of_8 and shape.vote_shift <= 1)
    return Keeping.NEVER if made and shape.near_exps else Keeping.QUICKER


def _mve(shape: Shape) -> Keeping:
    return Keeping.SLOWER if shape.depth == 4 and shape.vote_shift == 0 else Keeping.QUICKER


# By what a processor compiles of each kernel: the macros of micro/src/tfcaps_variant.h.
KERNELS: dict[str, Callable[[Shape], Keeping]] = {
    "plain": _plain,
    "thumb1": _plain,
    "dsp": _dsp,
    "mve": _mve,
    "rv32": _plain,
    "rvv": _plain,
}


def keeping(kernels: str, shape: Shape) -> Keeping:
    """What a processor does with room for all votes.

    Args:
        kernels: A key of `KERNELS`.
        shape: The layer.
    """
    return KERNELS[kernels](shape)
