"""The formulations that benchmarks/training_step.py measures ours against compute the same function."""

import sys
from pathlib import Path

import numpy as np
import pytest

from tfcaps.layers import CapsuleDense

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
from copied_formulations import FORMULATIONS, copy_kernel, in_formulation


@pytest.mark.parametrize("name", FORMULATIONS)
@pytest.mark.parametrize("iterations", [1, 3])
def test_the_same_capsules(name, iterations):
    u = np.random.default_rng(0).normal(0, 0.5, (3, 7, 4)).astype(np.float32)
    ours = CapsuleDense(5, 6, routing={"name": "dynamic", "config": {"iterations": iterations}})
    other = in_formulation(ours, name)
    ours.build(u.shape)
    other.build(u.shape)
    copy_kernel(ours, other)
    np.testing.assert_allclose(np.asarray(other(u)), np.asarray(ours(u)), atol=1e-6)
    assert not np.allclose(np.asarray(other(u)), np.asarray(other(-2 * u)), atol=1e-2)
