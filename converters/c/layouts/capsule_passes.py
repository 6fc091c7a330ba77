"""Which passes over the input capsules a program names for a capsule layer: `micro/src/tfcaps_passes_*.c`.

    passes_for(inputs=32, depth=4, dimension=16, outputs=160, vote_shift=0) == "tfcaps_passes_4_to_eights"

A program links those and no others, where `tfcaps_capsule_dense_s8` has all and looks for those that suit.
"""

from __future__ import annotations

import dataclasses

__all__ = [
    "ANY",
    "LEAST_INPUTS",
    "PAIRED_4_TO_5",
    "PAIRED_4_TO_6",
    "PAIRED_4_TO_6_KEPT",
    "PASSES",
    "Passes",
    "named",
    "passes_for",
]

ANY = "tfcaps_passes_any"
PAIRED_4_TO_5 = "tfcaps_passes_paired_4_to_5"
PAIRED_4_TO_6 = "tfcaps_passes_paired_4_to_6"
PAIRED_4_TO_6_KEPT = "tfcaps_passes_paired_4_to_6_kept"  # input capsules come in twos
LEAST_INPUTS = 2  # that loops over pairs of input capsules need


@dataclasses.dataclass(frozen=True)
class Passes:
    """Passes on weights in the order of the file.

    Attributes:
        name: In C.
        depth: K.
        multiple: Of which D is one.
        most: The largest D.
        vote_shift: Of the operator's options.
        least_outputs: J * D.
    """

    name: str
    depth: int
    multiple: int
    most: int = 256
    vote_shift: int = 0
    least_outputs: int = 1

    def suits(self, depth: int, dimension: int, outputs: int, vote_shift: int) -> bool:
        """Whether they are made for a layer."""
        has_size = depth == self.depth and dimension % self.multiple == 0 and dimension <= self.most
        return has_size and outputs >= self.least_outputs and vote_shift == self.vote_shift


# The quickest first, as in tfcaps_passes_any.c.
PASSES = (
    Passes("tfcaps_passes_4_to_6", 4, 6, most=6),
    Passes("tfcaps_passes_4_to_eights", 4, 8),
    Passes("tfcaps_passes_4_to_fours", 4, 4, least_outputs=6),
    Passes("tfcaps_passes_4_to_twos", 4, 2, least_outputs=6),
    Passes("tfcaps_passes_8_to_fours", 8, 4),
    Passes("tfcaps_passes_8_to_fours_shifted", 8, 4, vote_shift=1),
)


def passes_for(inputs: int, depth: int, dimension: int, outputs: int, vote_shift: int) -> str:
    """The name of the passes for a layer whose logits have full width and whose couplings do not carry.

    Args:
        inputs: I, how many input capsules.
        depth: K.
        dimension: D.
        outputs: J * D.
        vote_shift: Of the operator's options.

    Returns:
        A name in C, `ANY` where none are made for it.
    """
    suitable = (passes.name for passes in PASSES if passes.suits(depth, dimension, outputs, vote_shift))
    return next(suitable, ANY) if inputs >= LEAST_INPUTS else ANY


def named(call: str, passes: str) -> str:
    """A call in C of `tfcaps_capsule_dense_s8`, with passes that are named."""
    return call.replace("tfcaps_capsule_dense_s8(", f"tfcaps_capsule_dense_passes_s8(&{passes}, ")
