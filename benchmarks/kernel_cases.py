"""What is counted: every kernel at several shapes, each a .tflite of one operator with random weights of a fixed seed.

A new shape is one line of `CASES`; a new kernel is one class and its lines. The seed of a case is made of its name, so
that a new one leaves the others as they are.
"""

from __future__ import annotations

import dataclasses
import math
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path += [str(TESTS / "runtime"), str(TESTS / "boards"), str(TESTS / "micro")]
from tiny_models import UNIT, TinyModel, length_params, params_of_units, schema, squash_params

Rng = np.random.Generator
IMAGE = (1 / 255, -128)  # scale and zero point of a picture, and of what a ReLU gives
SUMS = (4 / 127, 3)  # of a convolution without one
_WIDE = (0.05, 3)


@dataclasses.dataclass(frozen=True)
class Case:
    """One operator at one shape.

    `operator` is the name under which its cost is modelled, `macs` and `outputs` the sizes that the cost is a linear
    function of; `UNITS` says in words what they count.
    """

    @property
    def name(self) -> str:
        """What it is called in tables; unique."""
        raise NotImplementedError

    @property
    def operator(self) -> str:
        """A key of `UNITS`."""
        raise NotImplementedError

    @property
    def macs(self) -> int:
        """The work of the inner loop."""
        raise NotImplementedError

    @property
    def outputs(self) -> int:
        """How often something is done once an output."""
        raise NotImplementedError

    def build(self, rng: Rng) -> TinyModel:
        """The operator with one output, behind what makes its inputs of noise, if anything has to."""
        raise NotImplementedError

    @property
    def seed(self) -> int:
        """Of weights and inputs."""
        return zlib.crc32(self.name.encode())

    def model(self) -> TinyModel:
        """The same every time."""
        return self.build(np.random.default_rng(self.seed))


# What `macs` and `outputs` count for each operator.
UNITS = {
    "CONV_2D": ("multiply-accumulates", "output elements"),
    "CONV_2D_1CH": ("multiply-accumulates", "output elements"),
    "CONV_2D_1X1": ("multiply-accumulates", "output elements"),
    "DEPTHWISE_CONV_2D": ("multiply-accumulates", "output elements"),
    "FULLY_CONNECTED": ("multiply-accumulates", "output elements"),
    "TfcapsCapsuleDense": (
        "multiply-accumulates I*J*D*(K + 2*iterations - 1)",
        "couplings that are computed, I*J*(iterations - 1)",
    ),
    "TfcapsSquash": ("input elements", "capsules"),
    "TfcapsLength": ("input elements", "capsules"),
    "SOFTMAX": ("output elements", "rows"),
    "POOL_2D": ("input elements of all windows", "output elements"),
    "ELEMENTWISE": ("rescalings: three an output of ADD and SUB, one of MUL", "output elements"),
    "LOOKUP": ("nothing", "output elements"),
}


def int8(rng: Rng, *shape: int) -> np.ndarray:
    return rng.integers(-127, 128, shape).astype(np.int8)


def window(image: Sequence[int], taps: int, stride: int, same: bool) -> list[int]:
    """Height and width of the output of a convolution or a pooling."""
    return [-(-(size if same else size - taps + 1) // stride) for size in image]


def square(taps: int, stride: int, same: bool) -> str:
    return f"{taps}x{taps}" + (f"/{stride}" if stride > 1 else "") + (" same" if same else "")


def slide(options, stride: int, same: bool):
    """`options` with strides and padding."""
    options.strideH = options.strideW = stride
    options.padding = schema.Padding.SAME if same else schema.Padding.VALID
    return options


def spread(taps: int) -> float:
    """A weight's scale that makes sums of `taps` products with a picture spread by about 1."""
    return math.sqrt(9 / taps) / 127


@dataclasses.dataclass(frozen=True)
class Conv2D(Case):
    """[1, height, width, depth] to `filters`, each `taps` x `taps`."""

    image: tuple[int, int]
    depth: int
    filters: int
    taps: int
    stride: int = 1
    same: bool = False
    relu: bool = True

    @property
    def name(self) -> str:
        height, width = self.image
        return f"conv_2d {height}x{width}x{self.depth} to {self.filters}, {square(self.taps, self.stride, self.same)}"

    @property
    def operator(self) -> str:
        return "CONV_2D_1X1" if self.taps == 1 else "CONV_2D_1CH" if self.depth == 1 else "CONV_2D"

    @property
    def outputs(self) -> int:
        return math.prod(window(self.image, self.taps, self.stride, self.same)) * self.filters

    @property
    def macs(self) -> int:
        return self.outputs * self.taps**2 * self.depth

    def build(self, rng: Rng) -> TinyModel:
        tiny = TinyModel()
        tiny.output(self.append(tiny, rng, tiny.input([1, *self.image, self.depth], *IMAGE)))
        return tiny

    def append(self, tiny: TinyModel, rng: Rng, x: int) -> int:
        """The operator behind tensor `x`."""
        shape = (self.filters, self.taps, self.taps, self.depth)
        scales = spread(self.taps**2 * self.depth) * rng.uniform(0.7, 1.4, self.filters)
        kernel = tiny.constant(int8(rng, *shape), scales)
        bias = tiny.constant(rng.integers(-2000, 2000, self.filters).astype(np.int32), scales / 255)
        options = slide(schema.Conv2DOptionsT(dilationHFactor=1, dilationWFactor=1), self.stride, self.same)
        kinds = schema.ActivationFunctionType
        options.fusedActivationFunction = kinds.RELU if self.relu else kinds.NONE
        room = window(self.image, self.taps, self.stride, self.same)
        y = tiny.tensor([1, *room, self.filters], *(IMAGE if self.relu else SUMS))
        return tiny.op("CONV_2D", [x, kernel, bias], [y], options)


@dataclasses.dataclass(frozen=True)
class Depthwise(Case):
    """[1, height, width, channels], each channel with `multiplier` filters of its own."""

    image: tuple[int, int]
    channels: int
    taps: int
    stride: int = 1
    same: bool = False
    multiplier: int = 1

    @property
    def name(self) -> str:
        height, width = self.image
        more = f" x{self.multiplier}" if self.multiplier > 1 else ""
        return f"depthwise {height}x{width}x{self.channels}{more}, {square(self.taps, self.stride, self.same)}"

    operator = "DEPTHWISE_CONV_2D"

    @property
    def outputs(self) -> int:
        return math.prod(window(self.image, self.taps, self.stride, self.same)) * self.channels * self.multiplier

    @property
    def macs(self) -> int:
        return self.outputs * self.taps**2

    def build(self, rng: Rng) -> TinyModel:
        tiny, filters = TinyModel(), self.channels * self.multiplier
        x = tiny.input([1, *self.image, self.channels], *IMAGE)
        scales = spread(self.taps**2) * rng.uniform(0.7, 1.4, filters)
        kernel = tiny.constant(int8(rng, 1, self.taps, self.taps, filters), scales, axis=3)
        bias = tiny.constant(rng.integers(-2000, 2000, filters).astype(np.int32), scales / 255)
        options = schema.DepthwiseConv2DOptionsT(depthMultiplier=self.multiplier, dilationHFactor=1, dilationWFactor=1)
        slide(options, self.stride, self.same).fusedActivationFunction = schema.ActivationFunctionType.RELU
        room = window(self.image, self.taps, self.stride, self.same)
        y = tiny.tensor([1, *room, filters], *IMAGE)
        tiny.output(tiny.op("DEPTHWISE_CONV_2D", [x, kernel, bias], [y], options))
        return tiny


@dataclasses.dataclass(frozen=True)
class FullyConnected(Case):
    """[1, depth] to [1, units]."""

    depth: int
    units: int

    @property
    def name(self) -> str:
        return f"fully_connected {self.depth} to {self.units}"

    operator = "FULLY_CONNECTED"

    @property
    def outputs(self) -> int:
        return self.units

    @property
    def macs(self) -> int:
        return self.units * self.depth

    def build(self, rng: Rng) -> TinyModel:
        tiny, scale = TinyModel(), spread(self.depth)
        x = tiny.input([1, self.depth], *IMAGE)
        kernel = tiny.constant(int8(rng, self.units, self.depth), scale)
        bias = tiny.constant(rng.integers(-2000, 2000, self.units).astype(np.int32), scale / 255)
        y = tiny.tensor([1, self.units], *SUMS)
        tiny.output(tiny.op("FULLY_CONNECTED", [x, kernel, bias], [y], schema.FullyConnectedOptionsT()))
        return tiny


@dataclasses.dataclass(frozen=True)
class CapsuleDense(Case):
    """`inputs` capsules of `depth` to `capsules` of `dimension`."""

    inputs: int
    depth: int
    capsules: int
    dimension: int
    iterations: int = 3
    leaky: int = 0

    @property
    def name(self) -> str:
        more = (f", {self.iterations} iteration" if self.iterations != 3 else "") + (", leaky" if self.leaky else "")
        return f"capsule_dense {self.inputs}x{self.depth} to {self.capsules}x{self.dimension}{more}"

    operator = "TfcapsCapsuleDense"

    @property
    def outputs(self) -> int:
        return self.inputs * self.capsules * (self.iterations - 1)

    @property
    def macs(self) -> int:
        return self.inputs * self.capsules * self.dimension * (self.depth + 2 * self.iterations - 1)

    def build(self, rng: Rng) -> TinyModel:
        tiny = TinyModel()
        poses = Squash(self.inputs, self.depth).append(tiny, rng, tiny.input([1, self.inputs, self.depth], *SUMS))
        tiny.output(self.append(tiny, rng, poses))
        return tiny

    def append(self, tiny: TinyModel, rng: Rng, u: int) -> int:
        """The operator behind tensor `u`."""
        columns = self.capsules * self.dimension
        kernel = int8(rng, self.inputs, columns, self.depth)
        # As the converter does for capsules that a squash made, whose lengths are below 1.
        norm = math.sqrt(float((kernel.astype(np.int64) ** 2).sum(axis=-1).max()))
        largest = norm * (128 + math.sqrt(self.depth) / 2)
        shift = max(0, math.ceil(math.log2(largest / 32767)))
        vote = 74**2 * math.sqrt(self.depth) / 2**shift  # a vote's usual size
        # What makes |s| about 0.5: larger random votes have larger logits than those of trained networks, which agree.
        step = 0.5 * self.capsules / (vote * math.sqrt(self.inputs * self.dimension))
        params = params_of_units(
            step * rng.uniform(0.5, 2, columns),
            largest_vote=4 * vote,
            iterations=self.iterations,
            dimension=self.dimension,
            leaky=self.leaky,
            vote_shift=shift,
        )
        return tiny.capsule_dense(u, kernel, params, self.capsules)


@dataclasses.dataclass(frozen=True)
class Capsules(Case):
    """`count` capsules of `dimension`."""

    count: int
    dimension: int

    @property
    def outputs(self) -> int:
        return self.count

    @property
    def macs(self) -> int:
        return self.count * self.dimension


@dataclasses.dataclass(frozen=True)
class Squash(Capsules):
    """See `Capsules`."""

    operator = "TfcapsSquash"

    @property
    def name(self) -> str:
        return f"squash {self.count}x{self.dimension}"

    def build(self, rng: Rng) -> TinyModel:
        tiny = TinyModel()
        tiny.output(self.append(tiny, rng, tiny.input([1, self.count, self.dimension], *SUMS)))
        return tiny

    def append(self, tiny: TinyModel, rng: Rng, s: int) -> int:
        """The operator behind tensor `s`."""
        return tiny.squash(s, squash_params(*SUMS))


@dataclasses.dataclass(frozen=True)
class Length(Capsules):
    """See `Capsules`."""

    operator = "TfcapsLength"

    @property
    def name(self) -> str:
        return f"length {self.count}x{self.dimension}"

    def build(self, rng: Rng) -> TinyModel:
        tiny = TinyModel()
        tiny.output(self.append(tiny, rng, tiny.input([1, self.count, self.dimension], UNIT)))
        return tiny

    def append(self, tiny: TinyModel, rng: Rng, v: int) -> int:
        """The operator behind tensor `v`."""
        return tiny.length(v, length_params(self.dimension, UNIT, 1 / 256, 0, -128), scale=1 / 256)


@dataclasses.dataclass(frozen=True)
class Softmax(Case):
    """[1, rows, classes]."""

    rows: int
    classes: int

    @property
    def name(self) -> str:
        return f"softmax {self.rows}x{self.classes}"

    operator = "SOFTMAX"

    @property
    def outputs(self) -> int:
        return self.rows

    @property
    def macs(self) -> int:
        return self.rows * self.classes

    def build(self, rng: Rng) -> TinyModel:
        tiny, shape = TinyModel(), [1, self.rows, self.classes]
        x, y = tiny.input(shape, *_WIDE), tiny.tensor(shape, 1 / 256, -128)
        tiny.output(tiny.op("SOFTMAX", [x], [y], schema.SoftmaxOptionsT(beta=1.0)))
        return tiny


@dataclasses.dataclass(frozen=True)
class Pool(Case):
    """MAX or AVERAGE of windows of [1, height, width, channels]."""

    kind: str
    image: tuple[int, int]
    channels: int
    taps: int
    stride: int
    same: bool = False

    @property
    def name(self) -> str:
        height, width = self.image
        what = f"{self.kind.lower()}_pool_2d {height}x{width}x{self.channels}"
        return f"{what}, {square(self.taps, self.stride, self.same)}"

    operator = "POOL_2D"

    @property
    def outputs(self) -> int:
        return math.prod(window(self.image, self.taps, self.stride, self.same)) * self.channels

    @property
    def macs(self) -> int:
        return self.outputs * self.taps**2

    def build(self, rng: Rng) -> TinyModel:
        tiny = TinyModel()
        x = tiny.input([1, *self.image, self.channels], *_WIDE)
        y = tiny.tensor([1, *window(self.image, self.taps, self.stride, self.same), self.channels], *_WIDE)
        options = slide(schema.Pool2DOptionsT(), self.stride, self.same)
        options.filterHeight = options.filterWidth = self.taps
        tiny.output(tiny.op(f"{self.kind}_POOL_2D", [x], [y], options))
        return tiny


@dataclasses.dataclass(frozen=True)
class Elementwise(Case):
    """ADD or MUL of [1, rows, channels] and a tensor of the same shape or, `by_channel`, of [1, 1, channels]."""

    kind: str
    rows: int
    channels: int
    by_channel: bool = False

    @property
    def name(self) -> str:
        other = f" and 1x{self.channels}" if self.by_channel else ""
        return f"{self.kind.lower()} {self.rows}x{self.channels}{other}"

    operator = "ELEMENTWISE"

    @property
    def outputs(self) -> int:
        return self.rows * self.channels

    @property
    def macs(self) -> int:
        return self.outputs * (1 if self.kind == "MUL" else 3)

    def build(self, rng: Rng) -> TinyModel:
        tiny = TinyModel()
        x = tiny.input([1, self.rows, self.channels], 0.01, 5, name="a")
        y = tiny.input([1, 1 if self.by_channel else self.rows, self.channels], 0.02, -7, name="b")
        z = tiny.tensor([1, self.rows, self.channels], *_WIDE)
        options = getattr(schema, f"{self.kind.capitalize()}OptionsT")()
        tiny.output(tiny.op(self.kind, [x, y], [z], options))
        return tiny


@dataclasses.dataclass(frozen=True)
class Lookup(Case):
    """TANH of `elements`, by a table."""

    elements: int

    @property
    def name(self) -> str:
        return f"lookup {self.elements}"

    operator = "LOOKUP"
    macs = 0

    @property
    def outputs(self) -> int:
        return self.elements

    def build(self, rng: Rng) -> TinyModel:
        tiny = TinyModel()
        x = tiny.input([1, self.elements], *_WIDE)
        tiny.output(tiny.op("TANH", [x], [tiny.tensor([1, self.elements], 1 / 128, 0)]))
        return tiny


CASES: tuple[Case, ...] = (
    Conv2D((12, 12), 16, 32, 5, 2),
    Conv2D((12, 12), 16, 64, 7, 2),
    Conv2D((14, 14), 16, 32, 3),
    Conv2D((14, 14), 3, 16, 3),
    Conv2D((8, 8), 32, 64, 3, same=True),
    Conv2D((8, 8), 32, 32, 3, 2, same=True),
    Conv2D((10, 10), 2, 32, 7),
    Conv2D((9, 9), 5, 7, 3, same=True),
    Conv2D((5, 5), 18, 9, 2),
    Conv2D((20, 20), 1, 16, 7),
    Conv2D((28, 28), 1, 16, 5, 2),
    Conv2D((28, 28), 1, 8, 9, 2),
    Conv2D((16, 16), 1, 8, 3, same=True),
    Conv2D((8, 8), 32, 64, 1),
    Conv2D((8, 8), 64, 32, 1),
    Conv2D((8, 8), 16, 96, 1),
    Conv2D((7, 7), 5, 9, 1),
    Depthwise((14, 14), 32, 3, same=True),
    Depthwise((14, 14), 32, 3, 2, same=True),
    Depthwise((10, 10), 64, 3),
    Depthwise((8, 8), 16, 5, same=True),
    Depthwise((8, 8), 6, 3, multiplier=2),
    Depthwise((7, 7), 11, 3),
    FullyConnected(256, 10),
    FullyConnected(784, 32),
    FullyConnected(64, 64),
    FullyConnected(33, 7),
    CapsuleDense(64, 4, 10, 6),
    CapsuleDense(128, 4, 10, 8),
    CapsuleDense(36, 4, 10, 4),
    CapsuleDense(64, 4, 10, 5),
    CapsuleDense(80, 4, 5, 6),
    CapsuleDense(32, 8, 10, 16),
    CapsuleDense(48, 8, 5, 8),
    CapsuleDense(17, 5, 3, 7),
    CapsuleDense(64, 4, 10, 6, iterations=1),
    CapsuleDense(64, 4, 10, 6, leaky=1),
    Squash(256, 4),
    Squash(64, 8),
    Squash(10, 16),
    Squash(33, 5),
    Length(10, 6),
    Length(10, 16),
    Length(64, 8),
    Softmax(1, 10),
    Softmax(16, 10),
    Softmax(1, 100),
    Pool("MAX", (14, 14), 16, 2, 2),
    Pool("MAX", (9, 9), 7, 3, 2, same=True),
    Pool("AVERAGE", (14, 14), 16, 2, 2),
    Pool("AVERAGE", (7, 7), 32, 7, 1),
    Elementwise("ADD", 64, 32),
    Elementwise("ADD", 64, 32, by_channel=True),
    Elementwise("ADD", 9, 37),
    Elementwise("MUL", 64, 32),
    Elementwise("MUL", 9, 37),
    Lookup(2048),
    Lookup(333),
)
