"""What a model costs: sums of what its operators cost."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

from tfcaps.errors import TfcapsError
from tfcaps.pruning.cost.arena import arena_bytes
from tfcaps.pruning.cost.instructions import instructions
from tfcaps.pruning.cost.operators import SizedOperator

METRICS = ("parameters", "macs", "activation_bytes", "arena_bytes", "instructions")


@dataclass(frozen=True)
class LayerCost:
    """One layer's share.

    Attributes:
        name: The Keras layer's, behind those of the models it is nested in.
        channels: Length of the last axis of what it writes; 0 for a layer that becomes part of its neighbour.
        parameters: Its variables' elements, as ``model.count_params()`` counts them.
        macs: Multiply-accumulates for one image.
        activation_bytes: Bytes of what it writes, in int8: 0 for a layer that becomes part of its neighbour.
    """

    name: str
    channels: int
    parameters: int
    macs: int
    activation_bytes: int


@dataclass(frozen=True)
class Cost:
    """What a model of given widths costs for one image; figures are computed when asked for.

    Attributes:
        parameters: All variables' elements, as ``model.count_params()`` counts them.
        operators: The operators of its int8 program with their sizes.
        by_layer: Parameters by layer.
    """

    parameters: int
    operators: Sequence[SizedOperator] = field(repr=False)
    by_layer: dict[str, int] = field(repr=False)

    @functools.cached_property
    def macs(self) -> int:
        """Multiply-accumulates, as `tfcaps compile` counts them."""
        return sum(op.macs for op in self.operators)

    @functools.cached_property
    def activation_bytes(self) -> int:
        """Bytes of all that operators write, in int8; each is counted, whether or not bytes are shared."""
        return sum(op.output_bytes for op in self.operators)

    @functools.cached_property
    def arena_bytes(self) -> int:
        """The arena of `tfcaps compile`, found by the same planner."""
        return arena_bytes(self.operators)

    def instructions(self, board: str = "cortex-m4") -> int:
        """Predicted instructions for one image on a board of `tfcaps bench`; never cycles.

        Raises:
            TfcapsError: Nothing is known of the board.
        """
        return round(sum(instructions(op, board) for op in self.operators))

    def metric(self, name: str, board: str | None = None) -> float:
        """A metric by its name, one of `METRICS`.

        Raises:
            TfcapsError: There is none of that name.
        """
        if name not in METRICS:
            raise TfcapsError(f"Expected one of {', '.join(METRICS)}, got {name!r}")
        return self.instructions(board or "cortex-m4") if name == "instructions" else getattr(self, name)

    @property
    def layers(self) -> tuple[LayerCost, ...]:
        """A row a layer that has parameters or computes anything."""
        names = dict.fromkeys([*(op.layer for op in self.operators), *self.by_layer])
        rows = []
        for name in names:
            own = [op for op in self.operators if op.layer == name]
            channels = own[-1].output[-1] if own and own[-1].output else 0
            macs, output_bytes = sum(op.macs for op in own), sum(op.output_bytes for op in own)
            rows.append(LayerCost(name, channels, self.by_layer.get(name, 0), macs, output_bytes))
        return tuple(rows)

    def layer_instructions(self, board: str = "cortex-m4") -> dict[str, int]:
        """Predicted instructions by layer."""
        found: dict[str, float] = {}
        for op in self.operators:
            found[op.layer] = found.get(op.layer, 0.0) + instructions(op, board)
        return {name: round(value) for name, value in found.items()}
