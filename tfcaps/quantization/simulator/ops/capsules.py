"""The three capsule operators, as operators of a model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.capsule_dense import capsule_dense
from tfcaps.quantization.simulator.length import length
from tfcaps.quantization.simulator.ops.base import OPS, OpCall
from tfcaps.quantization.simulator.params import CapsuleDenseParams, LengthParams, SquashParams
from tfcaps.quantization.simulator.squash import squash


@OPS.register(SquashParams.OP)
def squash_op(call: OpCall) -> NDArray[Any]:
    """Capsules to capsules."""
    ((capsules, _),) = call.int8(0)
    return squash(capsules, SquashParams.from_options(call.op.custom_options))


@OPS.register(LengthParams.OP)
def length_op(call: OpCall) -> NDArray[Any]:
    """Capsules to lengths."""
    ((capsules, _),) = call.int8(0)
    return length(capsules, LengthParams.from_options(call.op.custom_options))


@OPS.register(CapsuleDenseParams.OP)
def capsule_dense_op(call: OpCall) -> NDArray[np.int8]:
    """Input capsules to output capsules; details are the whole `CapsuleDenseResult`."""
    (u, _), (kernel, _) = call.int8(0, 1)
    bias = call.values[2] if len(call.values) > 2 else None
    params = CapsuleDenseParams.from_options(call.op.custom_options)
    call.details = capsule_dense(u, kernel, bias, params, call.outputs[0].shape[1])
    return call.details.output
