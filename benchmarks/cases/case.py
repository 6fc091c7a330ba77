"""What a case is: one operator at one shape, a .tflite with random weights of a fixed seed.

The seed of a case is made of its name, so that a new one leaves the others as they are.
"""

from __future__ import annotations

import dataclasses
import math
import sys
import zlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parents[2] / "tests"
sys.path += [str(TESTS / "runtime"), str(TESTS / "boards"), str(TESTS / "micro")]
import tiny_models

schema, TinyModel, UNIT = tiny_models.schema, tiny_models.TinyModel, tiny_models.UNIT
length_params, squash_params = tiny_models.length_params, tiny_models.squash_params
params_of_units = tiny_models.params_of_units

Rng = np.random.Generator
IMAGE = (1 / 255, -128)  # scale and zero point of a picture, and of what a ReLU gives
SUMS = (4 / 127, 3)  # of a convolution without one
WIDE = (0.05, 3)


@dataclasses.dataclass(frozen=True)
class Case(ABC):
    """One operator at one shape.

    `operator` is the name under which its cost is modelled, `macs` and `outputs` the sizes that the cost is a linear
    function of; `UNITS` says in words what they count.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is called in tables; unique."""

    @property
    @abstractmethod
    def operator(self) -> str:
        """A key of `UNITS`."""

    @property
    @abstractmethod
    def macs(self) -> int:
        """The work of the inner loop."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """How often something is done once an output."""

    @abstractmethod
    def build(self, rng: Rng) -> TinyModel:
        """The operator with one output, behind what makes its inputs of noise, if anything has to."""

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
    "GATHER": ("slices", "output elements"),
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
