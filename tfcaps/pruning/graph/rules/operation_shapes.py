"""Raw functions between layers that move elements: tf.split, slices, tf.concat, keras.ops.reshape, padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfcaps._keras import LEGACY
from tfcaps.pruning.graph import walk
from tfcaps.pruning.graph.labels import Array, Labels, Obstacle
from tfcaps.pruning.graph.rule import Call, Cut, OperationRule, rule_for_operations
from tfcaps.pruning.graph.rules.merge import concatenate
from tfcaps.pruning.graph.rules.shape import reshape, transpose


def _per_position(labels: Labels, axis: int) -> Array:
    """The labels with the axis of the tensor's own length, if they vary anywhere."""
    if not labels.varying:
        return labels.array
    target = list(labels.array.shape)
    target[axis] = labels.size(axis)
    return np.broadcast_to(labels.array, target)


@rule_for_operations(tf=("concat",), keras=("Concatenate",))
class ConcatenateOperationRule(OperationRule):
    """One after the other."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        return concatenate(call, call.inputs, int(call.option("axis")))


@rule_for_operations(tf=("split",), keras=("Split",))
class SplitRule(OperationRule):
    """Parts of an axis; after a cut they may differ in size."""

    sections = "num_or_size_splits" if LEGACY else "indices_or_sections"

    def trace(self, call: Call) -> list[Labels]:
        """See `Rule.trace`."""
        labels, axis = call.inputs[0], self._axis(call)
        array = _per_position(labels, axis)
        results, start = [], 0
        for index, shape in enumerate(call.output_shapes):
            size = shape[axis]
            if size is None:
                raise Obstacle("its parts have an open size")
            part = array if array.shape[axis] == 1 else array.take(range(start, start + size), axis=axis)
            results.append(call.output(part, zero=labels.zero, index=index))
            start += size
        return results

    def changes(self, call: Call, cut: Cut) -> dict[str, Any]:
        """The sizes that are left."""
        axis = self._axis(call)
        sizes = [cut.shape(labels)[axis] for labels in call.outputs]
        if sizes == [labels.shape[axis] for labels in call.outputs]:
            return {}
        return {self.sections: sizes if LEGACY else np.cumsum(np.asarray(sizes))[:-1].tolist()}

    def _axis(self, call: Call) -> int:
        axis = int(call.option("axis")) % (len(call.inputs[0].shape) + 1) - 1
        if axis == -1:
            raise Obstacle("it splits the batch")
        return axis


@rule_for_operations(tf=("reshape",), keras=("Reshape",))
class ReshapeOperationRule(OperationRule):
    """Another shape of each example."""

    target = "shape" if LEGACY else "newshape"

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        for labels in call.inputs[1:]:
            call.freeze(labels, f"{call.layer.name!r} computes with its size")
        if walk.is_tensor(call.option(self.target)):
            raise Obstacle("its shape is computed")
        return reshape(call, call.inputs[0])

    def changes(self, call: Call, cut: Cut) -> dict[str, Any]:
        """The shape that is left, behind the batch as it was given."""
        after = cut.shape(call.outputs[0])
        if after == call.outputs[0].shape:
            return {}
        batch, *_ = call.option(self.target)
        return {self.target: [batch if walk.is_tensor(batch) else -1, *after]}


@rule_for_operations(tf=("shape",))
class ShapeRule(OperationRule):
    """A tensor's shape as a tensor: of use for its first entry, the batch, while channels go."""

    def trace(self, call: Call) -> Labels:
        """The labels of the tensor itself, so that whoever computes with the shape freezes them."""
        return Labels((), call.inputs[0].array)


@rule_for_operations(tf=("squeeze",), keras=("Squeeze",))
class SqueezeRule(OperationRule):
    """Without some axes of length 1."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        axes = self._axes(call)
        if -1 in axes:
            raise Obstacle("it removes the batch")
        return call.output(call.inputs[0].array.squeeze(axis=tuple(axes)), zero=call.inputs[0].zero)

    def changes(self, call: Call, cut: Cut) -> dict[str, Any]:
        """The axes by number: a cut may leave others of length 1."""
        return {} if call.option("axis") not in (None, []) else {"axis": [axis + 1 for axis in self._axes(call)]}

    def _axes(self, call: Call) -> list[int]:
        axis, shape = call.option("axis"), call.inputs[0].shape
        if axis in (None, []):
            return [axis for axis, size in enumerate(shape) if size == 1]
        return [int(a) % (len(shape) + 1) - 1 for a in np.ravel(axis)]


@rule_for_operations(tf=("expand_dims",), keras=("ExpandDims",))
class ExpandDimsRule(OperationRule):
    """One more axis of length 1."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        axis = int(call.option("axis")) % (len(call.inputs[0].shape) + 2) - 1
        if axis == -1:
            raise Obstacle("it moves the batch")
        return call.output(np.expand_dims(call.inputs[0].array, axis), zero=call.inputs[0].zero)


@rule_for_operations(tf=("transpose",), keras=("Transpose",))
class TransposeRule(OperationRule):
    """Axes in another order."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        order = call.option("perm" if LEGACY else "axes")
        if order is None or int(order[0]) != 0:
            raise Obstacle("it moves the batch")
        return transpose(call.inputs[0], [int(axis) - 1 for axis in order[1:]])


@rule_for_operations(tf=("pad",), keras=("Pad",))
class PadRule(OperationRule):
    """Zeros around; those on the channels' axis go with the channels that they are added to."""

    paddings = "paddings" if LEGACY else "pad_width"

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        labels, pads = call.inputs[0], self._pads(call)
        if str(call.option("mode")).lower() != "constant":
            raise Obstacle("it repeats channels")
        array = labels.array
        for axis, (before, after) in enumerate(pads):
            if before + after and (axis in labels.varying or axis == len(pads) - 1):
                made = call.makes(before + after, f"pad {axis}")
                shape = [-1 if a == axis else 1 for a in range(array.ndim)]
                array = np.broadcast_to(array, [labels.size(a) if a == axis else n for a, n in enumerate(array.shape)])
                rest = [n if a != axis else 1 for a, n in enumerate(array.shape)]
                parts = [
                    np.broadcast_to(made[:before].reshape(shape), [*rest[:axis], before, *rest[axis + 1 :]]),
                    array,
                ]
                parts.append(np.broadcast_to(made[before:].reshape(shape), [*rest[:axis], after, *rest[axis + 1 :]]))
                array = np.concatenate(parts, axis=axis)
        return call.output(array)

    def changes(self, call: Call, cut: Cut) -> dict[str, Any]:
        """As many zeros as are left."""
        pads = self._pads(call)
        for axis in call.outputs[0].varying:
            kept = cut.along(call.outputs[0], axis)
            before, after = pads[axis]
            pads[axis] = (int(kept[:before].sum()), int(kept[len(kept) - after :].sum()))
        return {} if pads == self._pads(call) else {self.paddings: [[0, 0], *map(list, pads)]}

    def _pads(self, call: Call) -> list[tuple[int, int]]:
        pads = np.asarray(call.option(self.paddings)).tolist()
        if len(pads) == 1:
            pads *= len(call.inputs[0].shape) + 1
        if any(pads[0]):
            raise Obstacle("it pads the batch")
        return [(before, after) for before, after in pads[1:]]


@rule_for_operations(tf=("__operators__.getitem",), keras=("GetItem",))
class GetItemRule(OperationRule):
    """x[:, a:b, i]: ranges and single positions of axes."""

    key = "slice_spec" if LEGACY else "key"
    reads_sizes = True

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        labels = call.inputs[0]
        key = self._key(call)
        if labels.is_size:
            if key != [0]:
                raise Obstacle("computes with the size of a tensor")
            made = call.makes(1)
            call.freeze(made, "size of the batch")
            return Labels((), made.reshape(()))
        array, index = labels.array, []
        for axis, (size, part) in enumerate(zip(labels.array.shape, self._per_axis(call), strict=True)):
            if axis in labels.varying and isinstance(part, slice) and part.step not in (None, 1):
                raise Obstacle("it takes every other channel")
            if size == 1 and isinstance(part, slice):
                part = slice(None)
            index.append(0 if size == 1 and not isinstance(part, slice) else part)
        return call.output(array[tuple(index)], zero=labels.zero)

    def changes(self, call: Call, cut: Cut) -> dict[str, Any]:
        """Where the range begins and ends among what is left."""
        labels = call.inputs[0]
        if labels.is_size or cut.shape(labels) == labels.shape:
            return {}
        parts = self._per_axis(call)
        for axis in labels.varying:
            kept = cut.along(labels, axis)
            part = parts[axis]
            if isinstance(part, slice):
                start, stop, _ = part.indices(len(kept))
                parts[axis] = slice(int(kept[:start].sum()), int(kept[:stop].sum()))
            else:
                parts[axis] = int(kept[: part % len(kept)].sum())
        key = [slice(None), *parts]
        if LEGACY:  # which writes slices as dicts into files
            key = [{"start": p.start, "stop": p.stop, "step": p.step} if isinstance(p, slice) else p for p in key]
        return {self.key: tuple(key)}

    def _key(self, call: Call) -> list[Any]:
        key = call.option(self.key)
        parts = list(key) if isinstance(key, (tuple, list)) else [key]
        return [slice(part["start"], part["stop"], part["step"]) if isinstance(part, dict) else part for part in parts]

    def _per_axis(self, call: Call) -> list[Any]:
        """One slice or number for each axis behind the batch.

        Raises:
            Obstacle: For anything else in the brackets.
        """
        key, rank = self._key(call), len(call.inputs[0].shape) + 1
        bounds = [
            x for part in key for x in ([part.start, part.stop, part.step] if isinstance(part, slice) else [part])
        ]
        if any(not (x is None or x is Ellipsis or isinstance(x, (int, np.integer))) for x in bounds):
            raise Obstacle("it is indexed by something else than numbers")
        if any(part is None for part in key):
            raise Obstacle("it adds an axis")
        at = next((i for i, part in enumerate(key) if part is Ellipsis), len(key))
        rest = key[at + 1 :]
        parts = [*key[:at], *[slice(None)] * (rank - at - len(rest)), *rest]
        if parts[0] != slice(None):
            raise Obstacle("it takes some examples of the batch")
        return parts[1:]
