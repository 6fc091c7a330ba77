"""Pruning methods by name: one file a method, which decides which items of a channel graph's groups stay.

    method = tfcaps.pruning.methods.get("slimming", strength=1e-3)
    small, keep = method.run(problem)

`tfcaps.pruning.prune` makes the problem and fine-tunes what comes out. A new method is a file with a class under
``@METHODS.register("name")``; one that only gives scores derives from `ScoreMethod`.
"""

from tfcaps.pruning.methods.base import METHODS, Keep, Method, get, serialize
from tfcaps.pruning.methods.capsules import Capsules
from tfcaps.pruning.methods.complexity import Complexity
from tfcaps.pruning.methods.eagleeye import EagleEye
from tfcaps.pruning.methods.fpgm import FPGM
from tfcaps.pruning.methods.input_capsules import choose_input_capsules, remove_input_capsules
from tfcaps.pruning.methods.lamp import LAMP
from tfcaps.pruning.methods.magnitude import L1, L2
from tfcaps.pruning.methods.nisp import NISP
from tfcaps.pruning.methods.problem import Evaluator, Problem
from tfcaps.pruning.methods.random import Random
from tfcaps.pruning.methods.sbpf import SBPF
from tfcaps.pruning.methods.scored import ScoreMethod
from tfcaps.pruning.methods.slimming import Slimming
from tfcaps.pruning.methods.smcp import SMCP
from tfcaps.pruning.methods.taylor import Taylor

__all__ = [
    "FPGM",
    "L1",
    "L2",
    "LAMP",
    "METHODS",
    "NISP",
    "SBPF",
    "SMCP",
    "Capsules",
    "Complexity",
    "EagleEye",
    "Evaluator",
    "Keep",
    "Method",
    "Problem",
    "Random",
    "ScoreMethod",
    "Slimming",
    "Taylor",
    "choose_input_capsules",
    "get",
    "remove_input_capsules",
    "serialize",
]
