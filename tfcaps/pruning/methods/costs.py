"""One figure of a cost, layer by layer."""

from __future__ import annotations

from typing import Any


def by_layer(cost: Any, figure: str, board: str | None = None) -> dict[str, float]:
    """A figure by layer, in the order of the network.

    Args:
        cost: What the cost model returns.
        figure: "parameters", "macs", "activation_bytes" or "instructions".
        board: Whose instructions.

    Returns:
        Nothing for a figure that is no sum over layers ("arena_bytes").
    """
    if figure == "instructions":
        return dict(cost.layer_instructions(board))
    return {row.name: getattr(row, figure) for row in cost.layers if hasattr(row, figure)}
