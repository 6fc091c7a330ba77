import subprocess
import sys

import numpy as np
import pytest

from tfcaps.errors import DataError
from tfcaps.quantization import squash_clip


def squashed(s):
    n2 = (s * s).sum(-1, keepdims=True)
    return s * np.sqrt(n2) / (1 + n2)


def rms_after(values, lo, hi):
    scale = (hi - lo) / 255
    zero_point = np.clip(np.round(-128 - lo / scale), -128, 127)
    codes = np.clip(np.round(values / scale) + zero_point, -128, 127)
    return np.sqrt(np.mean((squashed((codes - zero_point) * scale) - squashed(values)) ** 2))


def test_a_heavy_tail_is_clipped_and_the_error_after_the_squash_falls():
    values = np.random.default_rng(0).standard_t(3, (500, 20, 4)).astype(np.float32)
    lo, hi = squash_clip(values)
    assert hi < values.max()
    assert lo == pytest.approx(-hi * 128 / 127)
    assert rms_after(values, lo, hi) < 0.5 * rms_after(values, values.min(), values.max())


def test_no_candidate_is_better_than_the_chosen_one():
    values = np.random.default_rng(1).normal(0.2, 1.0, (2000, 8)).astype(np.float32)
    ratios = (1.0, 0.75, 0.5, 0.25)
    best = rms_after(values, *squash_clip(values, ratios=ratios))
    limit = np.abs(values).max()
    for ratio in ratios:
        assert best <= rms_after(values, -limit * ratio, limit * ratio * 127 / 128) * (1 + 1e-4)
    assert best <= rms_after(values, values.min(), values.max()) * (1 + 1e-4)


def test_the_full_range_is_kept_where_it_wins():
    values = np.random.default_rng(2).uniform(0.0, 0.5, (1000, 4)).astype(np.float32)
    assert squash_clip(values) == (0.0, pytest.approx(float(values.max())))


def test_the_extremes_are_those_of_all_values_though_the_error_is_measured_on_some():
    values = np.random.default_rng(3).uniform(-1, 1, (300_000, 2)).astype(np.float32)
    values[1] = 3.0
    assert squash_clip(values, ratios=()) == (pytest.approx(float(values.min())), 3.0)


def test_all_zero_values_get_a_usable_range():
    lo, hi = squash_clip(np.zeros((4, 2)))
    assert lo < 0 < hi


@pytest.mark.parametrize(
    "bad", [np.zeros((0, 4)), np.float32(1.0), np.array([[np.nan, 1.0]]), np.array([[np.inf, 1.0]])]
)
def test_values_that_cannot_be_measured(bad):
    with pytest.raises(DataError, match="squash_clip"):
        squash_clip(bad)


@pytest.mark.parametrize("ratio", [0.0, -0.5, 1.5])
def test_ratios_out_of_range(ratio):
    with pytest.raises(DataError, match="ratios"):
        squash_clip(np.ones((4, 2)), ratios=[ratio])


def test_it_needs_no_tensorflow():
    code = """
import sys, tfcaps.quantization as q
q.squash_clip
assert not {"tensorflow", "tensorflow_model_optimization"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
