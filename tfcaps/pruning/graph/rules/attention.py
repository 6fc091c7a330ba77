"""Attention of several heads: whole heads can go, and channels of the output."""

from __future__ import annotations

from typing import Any

from tfcaps._keras import LEGACY, keras
from tfcaps.pruning.graph.labels import Labels, Obstacle
from tfcaps.pruning.graph.rule import Call, Cut, Rule, rule_for


@rule_for(keras.layers.MultiHeadAttention)
class MultiHeadAttentionRule(Rule):
    """Kernels [C, heads, dim] of query, key and value, and [heads, dim, C] of the output."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        layer = call.layer
        if len(call.output_shapes) > 1 or len(call.output_shapes[0]) != 2:
            raise Obstacle("it returns scores, or attends along several axes")
        read = _sources(call)
        for name, value in call.arguments().items():
            if name not in read and (labels := call.of(value)) is not None:
                call.freeze(labels, f"MultiHeadAttention {layer.name!r} reads it as a mask")
        if getattr(layer, "_gate_dense", None) is not None:
            read["gate"] = read["query"]
        heads = call.makes(layer._num_heads, "heads")
        made = call.makes(call.output(heads[:1]).size(-1))
        for name, labels in read.items():
            call.weight(f"_{name}_dense.kernel", 1, heads, "out")
            call.weight(f"_{name}_dense.kernel", 0, call.canonical(labels).along(-1), "in")
            if layer._use_bias:
                call.weight(f"_{name}_dense.bias", 0, heads, "out")
        call.weight("_output_dense.kernel", 2, made, "out")
        call.weight("_output_dense.kernel", 0, heads, "in")
        if layer._use_bias:
            call.weight("_output_dense.bias", 0, made, "out")
        return call.on_axis(made)

    def config(self, call: Call, cut: Cut) -> dict[str, Any]:
        """Fewer heads; an output that no longer has the size of the query by itself."""
        found: dict[str, Any] = {
            "num_heads": int(cut.kept(call.makes(call.layer._num_heads, "heads")).sum()),
            "output_shape": cut.shape(call.outputs[0])[-1],
        }
        if LEGACY:  # which builds itself from these
            read = {name: call.canonical(labels) for name, labels in _sources(call).items()}
            found.update({f"{name}_shape": [None, *cut.shape(labels)] for name, labels in read.items()})
        return found


def _sources(call: Call) -> dict[str, Labels]:
    """The labels of query, key and value; the key is the value where it is not given."""
    arguments = call.arguments()
    given = {name: arguments[name] for name in ("query", "key", "value")}
    if given["key"] is None:
        given["key"] = given["value"]
    found = {name: labels for name, value in given.items() if (labels := call.of(value)) is not None}
    if len(found) < len(given):
        raise Obstacle("its query, key or value is a constant")
    return found
