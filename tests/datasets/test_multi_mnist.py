"""MultiMNIST: what is in a pair, and what repeats."""

import numpy as np
import pytest

from tfcaps.datasets import multi_mnist
from tfcaps.errors import DataError

RNG = np.random.default_rng(0)
X = RNG.uniform(0.1, 1, (30, 28, 28, 1)).astype(np.float32)
Y = np.array([0] * 15 + [2] * 10 + [3] * 5)


def everything(**options):
    batches = list(multi_mnist(X, Y, **options))
    return batches, {name: np.concatenate([getattr(b, name) for b in batches]) for name in vars(batches[0])}


def test_shapes_and_two_hot_labels():
    batches, pairs = everything(batch_size=8, pairs_per_image=3, num_classes=5)
    assert [len(b.x) for b in batches] == [8, 8, 8, 6] * 3
    assert pairs["x"].shape == pairs["base"].shape == pairs["top"].shape == (90, 36, 36, 1)
    assert pairs["x"].dtype == pairs["y"].dtype == np.float32
    assert pairs["y"].shape == (90, 5)
    np.testing.assert_array_equal(pairs["y"].sum(axis=1), 2)
    rows = np.arange(90)
    assert np.all(pairs["y"][rows, pairs["base_label"]] == 1)
    assert np.all(pairs["y"][rows, pairs["top_label"]] == 1)
    assert np.all(pairs["base_label"] != pairs["top_label"])
    np.testing.assert_array_equal(np.bincount(pairs["base_label"]), 3 * np.bincount(Y))


def test_images_are_the_sum_of_shifted_digits():
    _, pairs = everything(shift=3)
    np.testing.assert_array_equal(pairs["x"], np.minimum(pairs["base"] + pairs["top"], 1))
    rows_seen = set()
    for single, label in zip(pairs["base"], pairs["base_label"], strict=True):
        rows, columns = np.flatnonzero(single.any(axis=(1, 2))), np.flatnonzero(single.any(axis=(0, 2)))
        assert len(rows) == len(columns) == 28
        assert 1 <= rows[0] <= 7
        assert 1 <= columns[0] <= 7
        rows_seen.add(int(rows[0]))
        digit = single[rows[0] : rows[0] + 28, columns[0] : columns[0] + 28]
        source = np.flatnonzero((digit == X).all(axis=(1, 2, 3)))
        assert label in Y[source]
    assert len(rows_seen) > 3


def test_without_shift_digits_are_in_the_middle():
    _, pairs = everything(shift=0)
    assert not pairs["x"][:, :4].any()
    assert not pairs["x"][:, -4:].any()
    assert pairs["x"][:, 4:-4, 4:-4].all()


def test_a_wide_shift_cuts_digits_off():
    _, pairs = everything(shift=8, pairs_per_image=5)
    assert pairs["base"].any(axis=(2, 3)).sum(axis=1).min() < 28


def test_second_digits_are_uniform_over_the_images_of_other_classes():
    _, pairs = everything(pairs_per_image=200, shift=0)
    for label, others in ((0, {2: 10, 3: 5}), (2, {0: 15, 3: 5}), (3, {0: 15, 2: 10})):
        tops = pairs["top_label"][pairs["base_label"] == label]
        for other, count in others.items():
            assert np.mean(tops == other) == pytest.approx(count / sum(others.values()), abs=0.04)
    tops = {top.tobytes() for top in pairs["top"]}
    assert len(tops) == 30


def test_seed():
    same, again, other = everything()[1], everything()[1], everything(seed=1)[1]
    np.testing.assert_array_equal(same["x"], again["x"])
    assert not np.array_equal(same["x"], other["x"])


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (X[..., 0], Y, {}, "expected images"),
        (X, Y[:5], {}, "expected images"),
        (X, Y.astype(float), {}, "integer labels"),
        (X, np.zeros_like(Y), {}, "two classes"),
        (X, Y - 1, {}, "two classes"),
        (X, Y, {"shift": -1}, "shift"),
        (X, Y, {"pairs_per_image": 0}, "positive sizes"),
        (X, Y, {"num_classes": 3}, r"outside 0 \.\.\. 2"),
    ],
)
def test_refuses_at_once(x, y, options, message):
    with pytest.raises(DataError, match=message):
        multi_mnist(x, y, **options)
