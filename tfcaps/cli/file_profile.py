"""What there is to say about a .tflite, as plain values. Needs no TensorFlow."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tfcaps.quantization.simulator.contract import check_capsule_op
from tfcaps.runtime.tflite_file import Operator, Tensor, TensorInfo, TfliteFile, read_tflite


@dataclasses.dataclass(frozen=True)
class TensorProfile:
    """A tensor; the scale is the first of several, and 0 without quantisation."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int


@dataclasses.dataclass(frozen=True)
class OperatorProfile:
    """An operator.

    Attributes:
        name: Of the builtin operator or the custom code.
        custom: Whether it is a custom operator.
        inputs: The tensors it computes with, constants left out.
        outputs: The tensors it writes.
        constant_bytes: Of its weights, biases and other constants.
        options: A capsule operator's custom options by key.
    """

    name: str
    custom: bool
    inputs: tuple[TensorProfile, ...]
    outputs: tuple[TensorProfile, ...]
    constant_bytes: int
    options: dict[str, int | list[int]]


@dataclasses.dataclass(frozen=True)
class FileProfile:
    """A whole file; `operators` is in the order of execution."""

    inputs: tuple[TensorProfile, ...]
    outputs: tuple[TensorProfile, ...]
    operators: tuple[OperatorProfile, ...]
    file_bytes: int
    constant_bytes: int
    largest_activation_bytes: int


def profile_of(path: Path) -> FileProfile:
    """Read a .tflite.

    Raises:
        FileFormatError: If it is none, is damaged, or a capsule operator is not what docs/custom_ops.md says.
    """
    file = read_tflite(path)
    used = {k for op in file.operators for k in (*op.inputs, *op.outputs) if k >= 0} | {*file.inputs, *file.outputs}
    tensors = [file.tensors[k] for k in used]
    return FileProfile(
        inputs=tuple(map(_tensor, file.input_infos)),
        outputs=tuple(map(_tensor, file.output_infos)),
        operators=tuple(_operator(file, op) for op in file.operators),
        file_bytes=len(file.data),
        constant_bytes=sum(t.data.nbytes for t in tensors if t.data is not None),
        largest_activation_bytes=max(_size(t) for t in tensors if t.data is None),
    )


def _operator(file: TfliteFile, op: Operator) -> OperatorProfile:
    read = [file.tensors[k] for k in op.inputs if k >= 0]
    params = check_capsule_op(op, file.tensors)
    options = {} if params is None else {key: getattr(params, key) for key in params.RANGES}
    return OperatorProfile(
        name=op.name,
        custom=op.is_custom,
        inputs=tuple(_tensor(t) for t in read if t.data is None),
        outputs=tuple(_tensor(file.tensors[k]) for k in op.outputs),
        constant_bytes=sum(t.data.nbytes for t in read if t.data is not None),
        options={key: value.tolist() if hasattr(value, "tolist") else value for key, value in options.items()},
    )


def _tensor(tensor: TensorInfo) -> TensorProfile:
    return TensorProfile(tensor.name, str(tensor.dtype), tensor.shape, tensor.scale, tensor.zero_point)


def _size(tensor: Tensor) -> int:
    size = tensor.dtype.itemsize
    for n in tensor.shape:
        size *= n
    return size
