"""Measures a generated C model on a board: instructions by layer, memory, and whether the bits are right."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfcaps.errors import TfcapsError
from tfcaps.micro.boards.build import C, Sources, build
from tfcaps.micro.boards.emulator import Run, run
from tfcaps.micro.boards.registry import Board

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MODEL_NAME", "Layer", "Measurement", "measure"]

MODEL_NAME = "model"  # what to_c is told to call the model; c/run_model.c includes model.h
_ALIGNMENT = 16  # of c/run_model.c


@dataclasses.dataclass(frozen=True)
class Layer:
    """One layer of a measurement: an operator of the file, what it cost, and what it does with its scratch memory."""

    index: int
    op: str
    name: str
    instructions: int
    macs: int
    policy: str = ""


@dataclasses.dataclass(frozen=True)
class Measurement:
    """A model on a board.

    Attributes:
        target: The board's name.
        exact: Whether all outputs are those expected, bit for bit.
        instructions: Executed for one image, the mean of several; the sum of the layers.
        macs: Multiplications and additions to a sum, by the definition of each operator.
        arena_bytes: The one buffer of the model.
        ram_bytes: Arena, inputs, outputs, variables and stack together.
        code_bytes: Model, kernels and what they take from the compiler's libraries.
        weight_bytes: The model's constants.
        stack_bytes: The most that the model ever had on the stack.
        layers: In the order of execution.
    """

    target: str
    exact: bool
    instructions: int
    macs: int
    arena_bytes: int
    ram_bytes: int
    code_bytes: int
    weight_bytes: int
    stack_bytes: int
    layers: tuple[Layer, ...]


def measure(
    board: Board,
    generated: Path,
    inputs: Sequence[NDArray[Any]],
    expected: Sequence[NDArray[Any]],
    folder: Path,
    *,
    flags: Sequence[str] = (),
    kernels: Sequence[Path] | None = None,
    timeout: float = 300.0,
) -> Measurement:
    """Build a generated model for a board, run it there and look at what it does.

    Args:
        board: The board.
        generated: What `to_c(..., name=MODEL_NAME)` wrote.
        inputs: Every input tensor, [images, ...].
        expected: Every output tensor, [images, ...].
        folder: A folder to build and run in.
        flags: Further options for the compiler, such as -DTFCAPS_PLAIN_C.
        kernels: Objects of `compile_kernels` with the same flags, to link instead of compiling the generated copies.
        timeout: Seconds for the run.

    Returns:
        The measurement.

    Raises:
        TfcapsError: It could not be built, or stopped early.
    """
    images = len(inputs[0])
    sizes = [[array[0].nbytes for array in arrays] for arrays in (inputs, expected)]
    image = build(board, _sources(generated, sizes, flags, kernels), folder)
    (folder / "images.bin").write_bytes(_by_image(inputs))
    done = run(board, image.elf, folder, timeout=timeout)
    said = dict(line.split() for line in done.text.splitlines())
    if done.exit_code:
        why = f"model_run gave status {said['status']}" if "status" in said else f"exit code {done.exit_code}"
        raise TfcapsError(f"target {board.name}: the program failed: {why}")
    if int(said["stack_bytes"]) >= board.memory.stack_bytes:
        raise TfcapsError(f"target {board.name}: the stack of {board.memory.stack_bytes} bytes overflowed")
    layers = _layers(board, generated, done, images)
    arena, stack = int(said["arena_bytes"]), int(said["stack_bytes"])
    return Measurement(
        target=board.name,
        exact=(folder / "outputs.bin").read_bytes() == _by_image(expected),
        instructions=sum(layer.instructions for layer in layers),
        macs=sum(layer.macs for layer in layers),
        arena_bytes=arena,
        ram_bytes=arena + sum(map(sum, sizes)) + image.static_bytes + stack,
        code_bytes=image.code_bytes,
        weight_bytes=image.weight_bytes,
        stack_bytes=stack,
        layers=layers,
    )


def _sources(generated: Path, sizes: list[list[int]], flags: Sequence[str], kernels: Sequence[Path] | None) -> Sources:
    input_sizes, output_sizes = sizes
    defines = {
        "MODEL_INPUT_SIZES": ",".join(map(str, input_sizes)),
        "MODEL_OUTPUT_SIZES": ",".join(map(str, output_sizes)),
        "MODEL_TENSOR_BYTES": sum(size + _ALIGNMENT for size in (*input_sizes, *output_sizes)),
    }
    return Sources(
        board=[C / "run_model.c"],
        model=sorted(generated.glob("*.c")),
        kernels=sorted((generated / "tfcaps").rglob("*.c")) if kernels is None else (),
        objects=kernels or (),
        flags=[f"-I{generated.resolve()}", *(f"-D{name}={value}" for name, value in defines.items()), *flags],
    )


def _by_image(arrays: Sequence[NDArray[Any]]) -> bytes:
    return b"".join(array[n].tobytes() for n in range(len(arrays[0])) for array in arrays)


def _layers(board: Board, generated: Path, done: Run, images: int) -> tuple[Layer, ...]:
    """The marks of an image are one before every layer and one after the last."""
    listed = json.loads((generated / f"{MODEL_NAME}.json").read_text())["layers"]
    marks = len(listed) + 1
    if len(done.counts) != images * marks - 1:
        raise TfcapsError(
            f"target {board.name}: expected {images * marks} marks of {len(listed)} layers, got {len(done.counts) + 1}"
        )
    means = [round(sum(done.counts[n::marks]) / images) for n in range(len(listed))]
    return tuple(
        Layer(layer["index"], layer["op"], layer["name"], count, layer["macs"], layer["policy"])
        for layer, count in zip(listed, means, strict=True)
    )
