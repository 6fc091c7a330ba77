"""Capsule layers: types of input capsules and dimensions of output capsules can go, output capsules cannot."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfcaps.layers import CapsuleDense, CapsuleLength, CapsuleMask, CapsuleSelect, Squash
from tfcaps.pruning.graph.labels import Labels, Obstacle
from tfcaps.pruning.graph.rule import Call, Cut, Rule, rule_for
from tfcaps.routing import Dynamic

# Routings in which an input capsule whose votes are zero changes nothing, and neither does a dimension that is zero in
# all votes. A routing that counts its input capsules, or their dimensions, does not belong here.
_INDIFFERENT = (Dynamic,)


def _whole_capsules(call: Call, labels: Labels) -> Labels:
    """Merge the dimensions of a capsule, unless what is removed of it is zero and so does not count in its length."""
    if not labels.zero and labels.array.ndim and labels.array.shape[-1] > 1:
        call.merge(labels.array, labels.array[..., :1])
    return call.canonical(labels)


@rule_for(Squash)
class SquashRule(Rule):
    """The dimensions of a capsule go together, since its length depends on them all."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        labels = _whole_capsules(call, call.inputs[0])
        return call.output(labels.array, zero=labels.zero)


@rule_for(CapsuleLength)
class CapsuleLengthRule(Rule):
    """One number for each capsule."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        labels = _whole_capsules(call, call.inputs[0])
        if labels.array.shape[-1] == 1:
            return call.output(labels.array[..., 0])
        made = call.makes(1)
        call.freeze(made, f"output capsules share couplings: {call.layer.name!r} keeps one length for each")
        return call.on_axis(made)


@rule_for(CapsuleSelect)
class CapsuleSelectRule(Rule):
    """Some of the capsules; those of a type that goes are no longer among them."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        labels = call.inputs[0]
        array = labels.array if 0 not in labels.varying else labels.array.take(call.layer.indices, axis=0)
        return call.output(array, zero=labels.zero)

    def config(self, call: Call, cut: Cut) -> dict[str, Any]:
        """The numbers that the chosen capsules have among those that are left."""
        if 0 not in call.inputs[0].varying:
            return {}
        kept = cut.along(call.inputs[0], 0)
        numbers = np.cumsum(kept) - 1
        return {"indices": [int(numbers[index]) for index in call.layer.indices if kept[index]]}


@rule_for(CapsuleMask)
class CapsuleMaskRule(Rule):
    """Which capsule stays depends on all of them; their dimensions may go."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        capsules = _whole_capsules(call, call.inputs[0])
        call.freeze(capsules.array[:, :1] if capsules.array.shape[0] > 1 else np.arange(0), "CapsuleMask compares them")
        for labels in call.inputs[1:]:
            call.freeze(labels, f"CapsuleMask {call.layer.name!r} reads it as a label")
        return call.output(capsules.array, zero=capsules.zero)


@rule_for(CapsuleDense)
class CapsuleDenseRule(Rule):
    """Kernel [I*K, J*D]: a row block for each input capsule; dimension d of all J output capsules is one item.

    The J output capsules stay: they share the couplings of each input capsule.
    """

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        layer = call.layer
        if type(layer.routing) not in _INDIFFERENT:
            raise Obstacle(f"routing {layer.routing.name!r} may depend on the number of capsules")
        made = call.makes(layer.dim)
        call.weight("kernel", 1, np.tile(made, layer.num_capsules), "out", silent=True)
        call.weight("kernel", 0, call.inputs[0].full().reshape(-1), "in")
        if layer.use_bias:
            call.weight("bias", 1, made, "out", silent=True)
        return call.on_axis(made, zero=True)

    def config(self, call: Call, cut: Cut) -> dict[str, Any]:
        """Capsules of fewer dimensions."""
        return {"dim": cut.shape(call.outputs[0])[-1]}
