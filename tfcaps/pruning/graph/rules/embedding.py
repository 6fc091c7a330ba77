"""Embeddings: a vector for each number, whose dimensions may go."""

from __future__ import annotations

from typing import Any

from tfcaps._keras import keras
from tfcaps.pruning.graph.labels import Labels, Obstacle
from tfcaps.pruning.graph.rule import Call, Cut, Rule, rule_for


@rule_for(keras.layers.Embedding)
class EmbeddingRule(Rule):
    """Table [vocabulary, dimensions]."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        if getattr(call.layer, "sparse", False):
            raise Obstacle("its result may be sparse")
        call.freeze(call.inputs[0], f"Embedding {call.layer.name!r} looks it up")
        made = call.makes(call.layer.output_dim)
        call.weight("embeddings", 1, made, "out")
        return call.on_axis(made)

    def config(self, call: Call, cut: Cut) -> dict[str, Any]:
        """Fewer dimensions."""
        return {"output_dim": cut.shape(call.outputs[0])[-1]}
