"""What an operator's emitter sees and gives, and the registry it enters itself into.

    @EMITTERS.register("TfcapsLength")
    def length(call: Call) -> Emission: ...

An emitter checks its operator completely: what it accepts compiles and runs.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfcaps.converters.c.tflm_arithmetic import activation_limits
from tfcaps.errors import ConversionError, TfcapsError
from tfcaps.planner import kernel_library
from tfcaps.planner.memory import row_steps
from tfcaps.registry import Registry
from tfcaps.runtime.tflite_file import Operator, Tensor

Shape = tuple[int, ...]
Value = int | str | Sequence[int]
VOTES = ("auto", "keep", "recompute")
MAX_RANK = 6
MAX_EXTENT = 65535
MAX_SHIFT = 30
_GENERATED = re.compile(r"(serving_default_|StatefulPartitionedCall|arith\.constant)|$")


@dataclasses.dataclass(frozen=True)
class Struct:
    """A constant struct in a layer's block.

    Attributes:
        type: `tfcaps_conv_2d_params`, ...
        name: The variable's.
        fields: Numbers, arrays of numbers, or C expressions; `$role` in those stands for a constant.
    """

    type: str
    name: str
    fields: Mapping[str, Value]

    def integers(self) -> list[int]:
        """The struct's numbers in order, for a struct of nothing but int32."""
        found: list[int] = []
        for value in self.fields.values():
            if isinstance(value, str):
                raise TypeError(f"{self.type} holds {value}")
            found += [value] if isinstance(value, int) else list(value)
        return found


@dataclasses.dataclass(frozen=True)
class Overlap:
    """How output `output` may share bytes with input `source`; see `tfcaps.planner.memory.Follow`.

    Attributes:
        source: Position among the operator's inputs.
        output: Position among its outputs.
        schedule: Steps of (bytes written, first input byte needed from then on).
        at: Without a schedule: the input's start minus the output's; no other distance is allowed.
    """

    source: int = 0
    output: int = 0
    schedule: tuple[tuple[int, int], ...] = ()
    at: int = 0


@dataclasses.dataclass(frozen=True)
class Emission:
    """An operator in C.

    Attributes:
        call: The call of its kernel, with `$in0`, `$out0`, `$context` and `$role` of constants; empty for an operator
            that leaves its input's bytes as they are.
        structs: What the call refers to by name.
        constants: int8 and int32 arrays by role.
        pointers: Local arrays of pointers: name to elements such as `$in0`; outputs when the name says so.
        scratch: Bytes that it needs.
        wanted_scratch: Bytes with which it is quicker, granted where they are free; 0 for no more than it needs.
        wanted_call: Its call then, if that is another one.
        policies: What it does with `scratch` bytes and what with `wanted_scratch`, in words; empty without a choice.
        macs: Multiply-accumulates.
        overlaps: What the outputs may share with the inputs.
    """

    call: str
    structs: Sequence[Struct] = ()
    constants: Mapping[str, NDArray[Any]] = dataclasses.field(default_factory=dict)
    pointers: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    scratch: int = 0
    wanted_scratch: int = 0
    wanted_call: str = ""
    policies: tuple[str, ...] = ()
    macs: int = 0
    overlaps: Sequence[Overlap] = ()


@dataclasses.dataclass(frozen=True)
class Call:
    """One operator of a model.

    Attributes:
        number: Its position in the file.
        op: The operator.
        inputs: Its input tensors; None for one left out.
        outputs: Its output tensors.
        votes: What becomes of the votes of a capsule layer: one of `VOTES`.
        kernels: Which kernels the processor compiles: a key of `tfcaps.converters.c.votes.KERNELS`.
    """

    number: int
    op: Operator
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    votes: str = "auto"
    kernels: str = "plain"

    @property
    def output(self) -> Tensor:
        """The first output."""
        return self.outputs[0]

    @property
    def layer(self) -> str:
        """The Keras layer: by the names of output and constants; the operator's own where those say nothing."""
        constants = [tensor.name for tensor in self.inputs if tensor is not None and tensor.data is not None]
        for name in (self.output.name, *constants):
            parts = name.split(";")[0].split("/")  # "net/conv1/Relu;net/conv1/Conv2D" is of the layer conv1
            if len(parts) > 1:
                return parts[-2]
        return self.op.name if _GENERATED.match(self.output.name) else self.output.name

    def fail(self, what: str) -> ConversionError:
        """The error of an operator that cannot be emitted: names operator, layer and tensor."""
        where = f"layer {self.layer!r}, tensor {self.output.name!r}"
        return ConversionError(f"operator {self.number} {self.op.name} ({where}): {what}")

    def activation(self, position: int = 0) -> Tensor:
        """An int8 input that the model computes or gets, or a constant that stands for one."""
        tensor = self.inputs[position] if position < len(self.inputs) else None
        if tensor is None or tensor.dtype != np.int8 or not tensor.scale:
            kind = "none" if tensor is None else str(tensor.dtype)
            raise self.fail(f"expected a quantised int8 input {position}, got {kind}")
        self._check_zero_point(tensor)
        return tensor

    def check(self, inputs: int, most_inputs: int | None = None, outputs: int = 1) -> None:
        """The numbers of inputs and outputs, and that outputs are quantised int8."""
        if not inputs <= len(self.inputs) <= (most_inputs or inputs) or len(self.outputs) != outputs:
            raise self.fail(f"expected {inputs} inputs and {outputs} outputs")
        for tensor in self.outputs:
            if tensor.dtype != np.int8 or not tensor.scale:
                raise self.fail(f"expected quantised int8 outputs, got {tensor.dtype}")
            self._check_zero_point(tensor)

    def _check_zero_point(self, tensor: Tensor) -> None:
        if not -128 <= tensor.zero_point <= 127 or tensor.scales.size > 1:
            raise self.fail(f"expected one scale and an int8 zero point of tensor {tensor.name!r}")

    def shift(self, shift: int) -> int:
        """The shift of an output's multiplier, which the kernels limit."""
        if shift > MAX_SHIFT:
            raise self.fail("the output's scale is too small for those of the inputs")
        return shift

    def constant(self, position: int, dtype: type[np.generic]) -> NDArray[Any]:
        """An input that has to be a constant of a type."""
        tensor = self.inputs[position] if position < len(self.inputs) else None
        if tensor is None or tensor.data is None or tensor.dtype != dtype:
            raise self.fail(f"expected input {position} to be a constant of {np.dtype(dtype)}")
        return np.asarray(tensor.data)

    def weights(self, position: int = 1) -> Tensor:
        """Constant int8 weights of zero point 0."""
        tensor = self.inputs[position] if position < len(self.inputs) else None
        if tensor is None or tensor.data is None or tensor.dtype != np.int8 or not tensor.scale:
            raise self.fail(f"expected input {position} to be constant int8 weights")
        if np.any(tensor.zero_points):
            raise self.fail("expected weights of zero point 0")
        return tensor

    def bias(self, position: int, count: int) -> NDArray[np.int32] | None:
        """The int32 bias, or None."""
        if position >= len(self.inputs) or self.inputs[position] is None:
            return None
        values = self.constant(position, np.int32)
        if values.shape != (count,):
            raise self.fail(f"expected a bias [{count}], got {list(values.shape)}")
        return values

    def limits(self, activation: int) -> dict[str, int]:
        """The fields activation_min and activation_max."""
        found = activation_limits(activation, self.output)
        if found is None:
            raise self.fail(f"fused activation {activation} is not supported")
        return {"activation_min": found[0], "activation_max": found[1]}

    def same_quantization(self, *others: Tensor) -> None:
        """That tensors have the first output's scale and zero point."""
        for other in others:
            if (other.scale, other.zero_point) != (self.output.scale, self.output.zero_point):
                raise self.fail("expected input and output of one scale and zero point")


def scratch(function: str, *structs: Struct) -> int:
    """What the kernel's size getter says; structs of int32 only."""
    return kernel_library.scratch_bytes(function, *(struct.integers() for struct in structs))


def shape_struct(call: Call, name: str, shape: Shape) -> Struct:
    """`tfcaps_shape`."""
    if len(shape) > MAX_RANK:
        raise call.fail(f"expected at most {MAX_RANK} dimensions, got {len(shape)}")
    return Struct("tfcaps_shape", name, {"rank": len(shape), "size": pad_rank(shape, 1)})


def pad_rank(values: Sequence[int], fill: int = 0) -> list[int]:
    """As many values as a struct has room for."""
    return [int(value) for value in values] + [fill] * (MAX_RANK - len(values))


def image_struct(name: str, shape: Shape) -> Struct:
    """`tfcaps_image_dims`."""
    if max(shape) > MAX_EXTENT:
        raise TfcapsError(f"expected sizes of at most {MAX_EXTENT}, got {list(shape)}")
    return Struct("tfcaps_image_dims", name, dict(zip(("batches", "height", "width", "channels"), shape, strict=True)))


def row_schedule(source: Shape, output: Shape, stride: int, padding: int) -> tuple[Overlap, ...]:
    """Rows of an image [1, h, w, c] written top to bottom, each after the input rows that end above its window."""
    return (Overlap(schedule=row_steps(source[1:], output[1:], stride, padding)),) if source[0] == 1 else ()


def in_place(call: Call, *sources: int) -> tuple[Overlap, ...]:
    """At the very address of those inputs that are as large as the output."""
    size = math.prod(call.output.shape)
    found = [(n, call.inputs[n]) for n in sources]
    return tuple(Overlap(source=n) for n, tensor in found if tensor is not None and math.prod(tensor.shape) == size)


EMITTERS: Registry[Callable[[Call], Emission]] = Registry("operator in ahead-of-time C")
