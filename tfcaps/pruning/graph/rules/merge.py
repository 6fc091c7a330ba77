"""Several tensors into one: sums, products, extrema, concatenation."""

from __future__ import annotations

import numpy as np

from tfcaps._keras import keras
from tfcaps.pruning.graph.labels import Array, Labels, Obstacle
from tfcaps.pruning.graph.rule import Call, Rule, rule_for

layers = keras.layers


def combine(call: Call, inputs: list[Labels], index: int = 0) -> Labels:
    """Element by element: channels at the same position are cut together.

    A tensor with one position where others have channels, such as a spatial attention map [H, W, 1], is broadcast; its
    one channel stays.

    Raises:
        Obstacle: If the ranks differ.
    """
    shape = call.output_shapes[index]
    if any(len(labels.shape) != len(shape) for labels in inputs):
        raise Obstacle("its inputs have different ranks")
    varying = {axis for labels in inputs for axis in labels.varying}
    arrays: list[Array] = []
    for labels in inputs:
        reason = call.frozen(labels)
        if any(labels.shape[axis] == 1 != shape[axis] for axis in varying):
            call.freeze(labels, f"{call.layer.name!r} broadcasts it over channels")
        elif reason is not None and varying:
            for partner in inputs:
                call.freeze(partner, reason)
        else:
            arrays.append(labels.array)
    # Broadcasting each with all others at once gives the positions that the result distinguishes.
    grown = np.broadcast_arrays(*arrays) if arrays else [inputs[0].array]
    for other in grown[1:]:
        call.merge(grown[0], other)
    return call.output(grown[0], zero=all(labels.zero for labels in inputs), index=index)


def concatenate(call: Call, inputs: list[Labels], axis: int) -> Labels:
    """One after the other along `axis`, counted with the batch.

    Raises:
        Obstacle: If that is the batch, or an open size.
    """
    rank = len(call.output_shapes[0])
    axis = axis % (rank + 1) - 1
    if axis == -1:
        raise Obstacle("it concatenates along the batch")
    sizes = [max(labels.array.shape[other] for labels in inputs) for other in range(rank)]
    arrays = []
    for labels in inputs:
        if not any(other.varying for other in inputs):
            sizes[axis] = 1
        target = list(sizes)
        target[axis] = labels.size(axis)
        arrays.append(np.broadcast_to(labels.array, target))
    return call.output(np.concatenate(arrays, axis=axis), zero=all(labels.zero for labels in inputs))


@rule_for(layers.Add, layers.Average, layers.Maximum, layers.Minimum, layers.Multiply, layers.Subtract)
class CombineRule(Rule):
    """Element by element."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        return combine(call, call.inputs)


@rule_for(layers.Concatenate)
class ConcatenateRule(Rule):
    """One after the other."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        return concatenate(call, call.inputs, call.layer.axis)
