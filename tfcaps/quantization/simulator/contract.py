"""The contract of the capsule operators (docs/custom_ops.md), checked on a model's tensors before anything runs it."""

from __future__ import annotations

import numpy as np

from tfcaps.errors import FileFormatError
from tfcaps.quantization.simulator.params import CapsuleDenseParams, LengthParams, OpParams, SquashParams
from tfcaps.runtime.tflite_file import Operator, Tensor

PARAMS: dict[str, type[OpParams]] = {params.OP: params for params in (SquashParams, LengthParams, CapsuleDenseParams)}
_INPUTS = {"TfcapsSquash": ("input",), "TfcapsLength": ("input",), "TfcapsCapsuleDense": ("input", "kernel", "bias")}
_LIMITS = {"input capsules": 65535, "input dimension": 1024, "output capsules": 4096, "output dimension": 256}


def check_capsule_op(op: Operator, tensors: tuple[Tensor, ...]) -> OpParams | None:
    """Checks one operator's inputs, output and options against each other.

    Returns:
        The operator's parameters; None for one that is not a capsule operator.

    Raises:
        FileFormatError: The operator is not what docs/custom_ops.md says.
    """
    if not op.is_custom or op.name not in PARAMS:
        return None
    params = PARAMS[op.name].from_options(op.custom_options)
    roles = _INPUTS[op.name]
    least = min(2, len(roles))
    if not least <= len(op.inputs) <= len(roles) or len(op.outputs) != 1 or -1 in op.inputs[:least]:
        raise FileFormatError(f"{op.name}: expected {' and '.join(roles)} and one output, got {len(op.inputs)} inputs")
    given = {role: tensors[index] for role, index in zip(roles, op.inputs, strict=False) if index >= 0}
    given["output"] = tensors[op.outputs[0]]
    for role, tensor in given.items():
        dtype = np.int32 if role == "bias" else np.int8
        if tensor.dtype != dtype:
            raise FileFormatError(f"{op.name}: expected {role} of {np.dtype(dtype)}, got {tensor.dtype}")
    zero_points = {"input": params.input_zero_point, "output": 0}  # type: ignore[attr-defined]
    if isinstance(params, LengthParams):
        zero_points["output"] = params.output_zero_point
    elif given["output"].scale != 1 / 128:
        raise FileFormatError(f"{op.name}: expected output scale 1/128, got {given['output'].scale:g}")
    for role, zero_point in zero_points.items():
        if given[role].zero_point != zero_point:
            raise FileFormatError(f"{op.name}: expected {role} zero point {zero_point}, got {given[role].zero_point}")
    if isinstance(params, CapsuleDenseParams):
        _check_dense_shapes(op, given, params.multiplier.size)
    else:
        _check_capsule_shapes(op, given)
    return params


def _check_capsule_shapes(op: Operator, given: dict[str, Tensor]) -> None:
    shape, output = given["input"].shape, given["output"].shape
    expected = shape if op.name == "TfcapsSquash" else shape[:-1]
    if not shape or shape[-1] > 256 or output != expected:
        raise FileFormatError(
            f"{op.name}: expected capsules of at most 256 dimensions and output {list(expected)}, "
            f"got input {list(shape)}, output {list(output)}"
        )


def _check_dense_shapes(op: Operator, given: dict[str, Tensor], multipliers: int) -> None:
    u, kernel, output = given["input"].shape, given["kernel"].shape, given["output"].shape
    if len(u) != 3 or len(kernel) != 3 or len(output) != 3 or u[0] != output[0]:
        raise FileFormatError(
            f"{op.name}: expected input [N, I, K], kernel [I, J*D, K] and output [N, J, D], "
            f"got {list(u)}, {list(kernel)} and {list(output)}"
        )
    outputs = output[1] * output[2]
    if kernel != (u[1], outputs, u[2]):
        raise FileFormatError(f"{op.name}: expected kernel [{u[1]}, {outputs}, {u[2]}], got {list(kernel)}")
    if "bias" in given and given["bias"].shape != (outputs,):
        raise FileFormatError(f"{op.name}: expected bias [{outputs}], got {list(given['bias'].shape)}")
    if multipliers != outputs:
        raise FileFormatError(f"{op.name}: expected {outputs} multipliers in the options, got {multipliers}")
    for (what, most), size in zip(_LIMITS.items(), (u[1], u[2], output[1], output[2]), strict=True):
        if size > most:
            raise FileFormatError(f"{op.name}: expected {what} of at most {most}, got {size}")
    if outputs > 65535:
        raise FileFormatError(f"{op.name}: expected at most 65535 outputs, got {outputs}")
