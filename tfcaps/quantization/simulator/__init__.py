"""The integers of an int8 capsule network in NumPy: docs/numerics.md, executable.

    Simulator(model).invoke(x)            int8 in, int8 out, the bits of the reference kernels
    squash(q, SquashParams(...))          one operator alone

Nothing here imports TensorFlow.
"""

from tfcaps.quantization.simulator.capsule_dense import CapsuleDenseResult, capsule_dense
from tfcaps.quantization.simulator.length import length
from tfcaps.quantization.simulator.model import Simulator, SimulatorRun
from tfcaps.quantization.simulator.params import CapsuleDenseParams, LengthParams, SquashParams
from tfcaps.quantization.simulator.squash import squash

__all__ = [
    "CapsuleDenseParams",
    "CapsuleDenseResult",
    "LengthParams",
    "Simulator",
    "SimulatorRun",
    "SquashParams",
    "capsule_dense",
    "length",
    "squash",
]
