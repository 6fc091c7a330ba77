"""From a .tflite to layers with addresses: what the C text, the plan and the JSON are all made of.

    program = build_program(read_tflite("model.tflite"))
    program.plan.arena_bytes

RESHAPE and its like become nothing: their output is another name of their input. QUANTIZE from and DEQUANTIZE to
floats at the edges are left to the caller, so that no floating point runs on the device.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence

import numpy as np

from tfcaps.converters.c.cmsis_nn import OPERATORS, for_cmsis_nn
from tfcaps.converters.c.layouts import LAYOUTS, Layout
from tfcaps.converters.c.ops import EMITTERS, Call, Emission
from tfcaps.converters.c.ops.base import VOTES
from tfcaps.errors import ConversionError, RuntimeUnavailableError, TfcapsError
from tfcaps.micro.processors import PROCESSORS
from tfcaps.planner.memory import Buffer, Follow, Memory
from tfcaps.planner.place import lower_bound, place
from tfcaps.quantization.simulator.contract import check_capsule_op
from tfcaps.runtime.shape_check import check_builtin_op
from tfcaps.runtime.tflite_file import Operator, Tensor, TfliteFile


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a tensor's bytes are.

    Attributes:
        kind: "input", "output" (the caller's buffers), "arena" or "constant".
        index: Of the input, of the output, or of the arena's buffer.
    """

    kind: str
    index: int = -1


@dataclasses.dataclass(frozen=True)
class Layer:
    """One call of a kernel.

    Attributes:
        index: Its number in the program.
        op: The operator's name; COPY for an output that is another one's or an input's.
        name: The Keras layer's.
        inputs: Indices of tensors, roots of what they are other names of; -1 for one left out.
        outputs: Likewise.
        emission: Its C.
        layout: Of its constants: the program's, or "plain" where that does not suit the layer.
    """

    index: int
    op: str
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    emission: Emission
    layout: str = "plain"

    @property
    def weight_bytes(self) -> int:
        """Its constants in flash."""
        return sum(array.nbytes for array in self.emission.constants.values())

    @property
    def policy(self) -> str:
        """What it does with the scratch it has, where that is a matter of choice."""
        emission = self.emission
        if not emission.policies:
            return ""
        return emission.policies[0 < emission.wanted_scratch <= emission.scratch]


@dataclasses.dataclass(frozen=True)
class Program:
    """A whole model.

    Attributes:
        tensors: The file's.
        inputs: Tensor indices, in the order of the file: int8.
        outputs: Tensor indices.
        layers: In the order of execution.
        places: Where each root tensor is.
        memory: The planner's problem.
        offsets: Its solution.
        scratch: By layer: the arena's buffer of its scratch memory.
        inputs_in_arena: Whether the inputs lie in the arena instead of in buffers of the caller's.
        input_names: What the file's signature calls the inputs.
        output_names: And the outputs.
        layout: How the weights lie, where that suits the layer.
        processor: What the program is laid out for; None for none in particular.
    """

    tensors: tuple[Tensor, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    layers: tuple[Layer, ...]
    places: dict[int, Place]
    memory: Memory
    offsets: tuple[int, ...]
    scratch: dict[int, int]
    inputs_in_arena: bool
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    layout: str = "plain"
    processor: str | None = None

    @property
    def arena_bytes(self) -> int:
        """The arena; never 0, as C has no arrays of nothing."""
        return _arena_bytes(self.memory, self.offsets)

    @property
    def input_bytes(self) -> int:
        """All of the caller's input buffers."""
        return sum(self.size(index) for index in self.inputs)

    @property
    def output_bytes(self) -> int:
        """All of the caller's output buffers."""
        return sum(self.size(index) for index in self.outputs)

    @functools.cached_property
    def constants(self) -> dict[tuple[int, str], tuple[int, str]]:
        """By layer and role of a constant: layer and role of the first one with the same bytes, which is stored."""
        first: dict[tuple[str, bytes], tuple[int, str]] = {}
        return {
            (layer.index, role): first.setdefault((values.dtype.str, values.tobytes()), (layer.index, role))
            for layer in self.layers
            for role, values in layer.emission.constants.items()
        }

    @property
    def weight_bytes(self) -> int:
        """All constants, each once."""
        return sum(
            self.layers[index].emission.constants[role].nbytes for index, role in sorted(set(self.constants.values()))
        )

    @property
    def macs(self) -> int:
        """All multiply-accumulates."""
        return sum(layer.emission.macs for layer in self.layers)

    def size(self, tensor: int) -> int:
        """Bytes of a tensor."""
        return math.prod(self.tensors[tensor].shape)


def build_program(
    model: TfliteFile,
    *,
    inputs_in_arena: bool = False,
    processor: str | None = None,
    layout: str | None = None,
    votes: str = "auto",
    ram: int = 0,
    cmsis_nn: bool = False,
) -> Program:
    """Emits every operator and plans the memory.

    Args:
        model: The file.
        inputs_in_arena: Plan the inputs too, so that layers overwrite them when they are no longer needed.
        processor: What the program shall be quick on, a name of `tfcaps.micro.processors.PROCESSORS`; one that the
            layout is for if left out.
        layout: How the weights lie: a name of `tfcaps.converters.c.layouts.LAYOUTS`; that of the processor if left
            out, where layers that CMSIS-NN can take stay "plain" for it, and "plain" without a processor.
        votes: What becomes of the votes of capsule layers between routing iterations: "keep", "recompute", or "auto",
            which keeps them where the arena has room and the processor is quicker with them.
        ram: Bytes that the arena may have, if layers are quicker with more scratch memory than they need. They get
            what lies free in the smallest arena in any case.
        cmsis_nn: Plan convolutions and dense layers so that CMSIS-NN can take them: outputs apart from inputs, and the
            scratch memory that it asks for among what `ram` is for.

    Raises:
        ConversionError: An operator that has no kernel, or one that its kernel cannot take; names operator, layer and
            tensor.
        FileFormatError: The model contradicts itself.
        TfcapsError: There is no such processor, layout or policy of votes, there is no CMSIS-NN for the processor, or
            `ram` is negative.
    """
    if votes not in VOTES or ram < 0:
        raise TfcapsError(f"expected votes of {', '.join(VOTES)} and ram >= 0, got {votes!r} and {ram}")
    target = None if processor is None else PROCESSORS[processor]
    if target is not None and cmsis_nn and not target.has_cmsis_nn:
        raise TfcapsError(
            f"CMSIS-NN is for Cortex-M processors: name one of them instead of {processor}, or do without CMSIS-NN"
        )
    of_target = "plain" if target is None else target.layout
    chosen = LAYOUTS[of_target if layout is None else layout]
    of_cmsis_nn = LAYOUTS["plain"] if cmsis_nn and layout is None else chosen
    kernels = chosen.kernels if target is None else target.kernels
    inputs, outputs, inner = _without_floats(model)
    for index in (*inputs, *outputs):
        tensor = model.tensors[index]
        if tensor.dtype != np.int8 or not tensor.scale:
            raise ConversionError(
                f"tensor {tensor.name!r}: expected an input or output of quantised int8, got {tensor.dtype}"
            )
        if tensor.data is not None:
            raise ConversionError(f"tensor {tensor.name!r}: is an output and a constant, which needs no program")
    roots = {index: index for index in inputs}
    layers: list[Layer] = []
    if inputs_in_arena:
        layers = [_copy_in(model, n, index) for n, index in enumerate(inputs)]
    for number, op in inner:
        call = _call(model, number, op, votes, kernels)
        emission, laid_out = _emit(model, call, of_cmsis_nn if op.name in OPERATORS else chosen)
        emission = for_cmsis_nn(emission) if cmsis_nn else emission
        for index in op.outputs:
            roots[index] = roots[op.inputs[0]] if not emission.call else index
        if emission.call:
            sources = tuple(roots.get(index, index) for index in op.inputs)
            layers.append(Layer(len(layers), op.name, call.layer, sources, op.outputs, emission, laid_out))
    places = {} if inputs_in_arena else {index: Place("input", n) for n, index in enumerate(inputs)}
    for n, index in enumerate(outputs):
        root = roots.get(index, index)
        if root in places:  # an input or another output
            layers.append(_copy(model, len(layers), root, n, index))
        else:
            places[root] = Place("output", n)
    layers, memory, offsets, scratch = _arrange(model, layers, places, ram)
    return Program(
        tensors=model.tensors,
        inputs=inputs,
        outputs=outputs,
        layers=tuple(layers),
        places=places,
        memory=memory,
        offsets=offsets,
        scratch=scratch,
        inputs_in_arena=inputs_in_arena,
        input_names=tuple(info.name for info in model.input_infos),
        output_names=tuple(info.name for info in model.output_infos),
        layout=chosen.name,
        processor=processor,
    )


def _call(model: TfliteFile, number: int, op: Operator, votes: str, kernels: str) -> Call:
    inputs = tuple(model.tensors[index] if index >= 0 else None for index in op.inputs)
    return Call(number, op, inputs, tuple(model.tensors[index] for index in op.outputs), votes, kernels)


def _emit(model: TfliteFile, call: Call, layout: Layout) -> tuple[Emission, str]:
    if call.op.name not in EMITTERS:
        raise call.fail(f"has no ahead-of-time C; there is some for {', '.join(EMITTERS)}")
    try:
        check_capsule_op(call.op, model.tensors)
        check_builtin_op(call.op, model.tensors)
        return layout.emit(call)
    except (ConversionError, RuntimeUnavailableError):
        raise
    except TfcapsError as error:
        raise call.fail(str(error)) from None


def _without_floats(model: TfliteFile) -> tuple[tuple[int, ...], tuple[int, ...], list[tuple[int, Operator]]]:
    """Inputs and outputs in int8, and the operators between them with their numbers in the file."""
    tensors, dropped = model.tensors, set()
    inputs, outputs = list(model.inputs), list(model.outputs)
    for n, index in enumerate(inputs):
        if tensors[index].dtype != np.float32:
            continue
        readers = [number for number, op in enumerate(model.operators) if index in op.inputs]
        if len(readers) == 1 and model.operators[readers[0]].name == "QUANTIZE":
            inputs[n] = model.operators[readers[0]].outputs[0]
            dropped.add(readers[0])
    for n, index in enumerate(outputs):
        for number, op in enumerate(model.operators):
            if (
                op.name == "DEQUANTIZE"
                and op.outputs == (index,)
                and not any(index in o.inputs for o in model.operators)
            ):
                outputs[n] = op.inputs[0]
                dropped.add(number)
    inner = [(number, op) for number, op in enumerate(model.operators) if number not in dropped]
    return tuple(inputs), tuple(outputs), inner


def _copy_in(model: TfliteFile, number: int, index: int) -> Layer:
    """An input to its place in the arena; where the caller has put it there, nothing changes."""
    tensor = model.tensors[index]
    call = f"memmove($out0, inputs[{number}], {math.prod(tensor.shape)})"
    return Layer(number, "COPY", tensor.name, (), (index,), Emission(call))


def _copy(model: TfliteFile, index: int, root: int, output: int, tensor: int) -> Layer:
    """An output whose bytes are somewhere else already."""
    size = math.prod(model.tensors[tensor].shape)
    emission = Emission(f"memcpy(outputs[{output}], $in0, {size})")
    return Layer(index, "COPY", model.tensors[tensor].name, (root,), (), emission)


def _arena_bytes(memory: Memory, offsets: Sequence[int]) -> int:
    ends = (offset + buffer.size for offset, buffer in zip(offsets, memory.buffers, strict=True))
    return max(16, -(-max(ends, default=0) // 16) * 16)


def _arrange(
    model: TfliteFile, layers: list[Layer], places: dict[int, Place], ram: int
) -> tuple[list[Layer], Memory, tuple[int, ...], dict[int, int]]:
    """The smallest arena, and in it, or in `ram` bytes, what scratch the layers want, the smallest wishes first."""
    outside = dict(places)
    memory, scratch = _memory(model, layers, places)
    offsets = tuple(place(memory))
    most = max(_arena_bytes(memory, offsets), ram)
    wishes = [layer for layer in layers if layer.emission.wanted_scratch > layer.emission.scratch]
    for layer in sorted(wishes, key=lambda layer: layer.emission.wanted_scratch):
        wish = layer.emission
        granted = dataclasses.replace(wish, scratch=wish.wanted_scratch, call=wish.wanted_call or wish.call)
        trial, trial_places = list(layers), dict(outside)
        trial[layer.index] = dataclasses.replace(layer, emission=granted)
        trial_memory, trial_scratch = _memory(model, trial, trial_places)
        if lower_bound(trial_memory) > most:
            continue
        trial_offsets = tuple(place(trial_memory))
        if _arena_bytes(trial_memory, trial_offsets) <= most:
            layers, memory, offsets, scratch = trial, trial_memory, trial_offsets, trial_scratch
            places.update(trial_places)
    return layers, memory, offsets, scratch


def _memory(model: TfliteFile, layers: list[Layer], places: dict[int, Place]) -> tuple[Memory, dict[int, int]]:
    """Buffers with their lifetimes; `places` gets those in the arena, and the constants."""
    last = {index: layer.index for layer in layers for index in (*layer.outputs, *layer.inputs) if index >= 0}
    buffers: list[Buffer] = []
    scratch: dict[int, int] = {}
    follows = []
    for layer in layers:
        if layer.emission.scratch:
            scratch[layer.index] = len(buffers)
            name = f"scratch of {layer.name}"
            buffers.append(Buffer(name, layer.emission.scratch, layer.index, layer.index, is_scratch=True))
        for index in layer.inputs:
            if index >= 0 and model.tensors[index].data is not None:
                places[index] = Place("constant")
        for n, index in enumerate(layer.outputs, 1):
            if index not in places:
                places[index] = Place("arena", len(buffers))
                tensor = model.tensors[index]
                first = 0 if layer.op == "COPY" else layer.index  # the caller may have put all inputs there already
                name = layer.name if len(layer.outputs) == 1 else f"{layer.name}, output {n}"
                buffers.append(Buffer(name, math.prod(tensor.shape), first, last[index]))
        for overlap in layer.emission.overlaps:
            source, output = places[layer.inputs[overlap.source]], places[layer.outputs[overlap.output]]
            if source.kind == output.kind == "arena":
                follows.append(Follow(source.index, output.index, overlap.schedule, overlap.at))
    return Memory(tuple(buffers), tuple(follows)), scratch
