"""Magnitudes, geometric median, LAMP, Taylor: scores by hand."""

import numpy as np
import pytest
import tensorflow as tf
from problems import accuracy, make_problem, residual, trained, vgg

from tfcaps._keras import keras
from tfcaps.errors import TfcapsError
from tfcaps.pruning import allocate, methods
from tfcaps.pruning.shrink import shrink
from tfcaps.pruning.slots import filters, slots

K = keras.layers


def test_filters_are_the_kernels_that_make_an_item():
    problem = make_problem(residual())
    found = filters(problem.graph)
    kernel = np.asarray(problem.model.get_layer("conv1a").kernel)
    np.testing.assert_allclose(found["conv1a"][0], kernel.reshape(-1, 10).T)
    assert [matrix.shape for matrix in found["stem"]] == [(8, 9), (8, 90), (8, 90)]


def test_l1_and_l2_by_hand():
    problem = make_problem(residual())
    matrices = filters(problem.graph)["stem"]
    l1, l2 = (methods.get(name).scores(problem)["stem"] for name in ("l1", "l2"))
    np.testing.assert_allclose(l1, np.mean([np.abs(m).mean(axis=1) for m in matrices], axis=0))
    np.testing.assert_allclose(l2, np.mean([np.sqrt((m**2).mean(axis=1)) for m in matrices], axis=0))


def test_fpgm_by_hand_and_where_magnitude_errs():
    model = vgg()
    conv = model.get_layer("conv2")
    kernel = conv.get_weights()[0]
    kernel[..., 3] = kernel[..., [0, 1, 2, *range(4, 12)]].mean(axis=-1)  # what all others stand for, made large
    scores = methods.get("fpgm").scores(make_problem(model))["conv2"]
    matrix = kernel.reshape(-1, 12).T.astype(np.float64)
    conv.set_weights([kernel])
    scores = methods.get("fpgm").scores(make_problem(model))["conv2"]
    expected = np.array([sum(np.linalg.norm(a - b) for b in matrix) for a in matrix])
    np.testing.assert_allclose(scores, expected / expected.mean(), rtol=1e-5)
    assert scores.argmin() == 3


def test_lamp_by_hand():
    problem = make_problem(vgg())
    scores = methods.get("lamp").scores(problem)["conv1"]
    squares = (filters(problem.graph)["conv1"][0] ** 2).sum(axis=1)
    expected = [value / squares[squares >= value].sum() for value in squares]
    np.testing.assert_allclose(scores, expected)
    assert scores.max() == 1.0


def test_taylor_is_the_squared_change_of_the_loss_per_batch():
    model = trained(vgg, 3)
    problem = make_problem(model, batch_size=50)
    problem.x_train, problem.y_train = problem.x_train[:100], problem.y_train[:100]
    scores = methods.get("taylor", samples=100).scores(problem)
    order = np.random.default_rng(0).permutation(100)
    norm, hidden = model.get_layer("norm2"), model.get_layer("hidden")
    expected_norm, expected_hidden = np.zeros(12), np.zeros(24)
    for part in (order[:50], order[50:]):
        variables = [
            v if isinstance(v, tf.Variable) else v.value for v in (norm.gamma, norm.beta, hidden.kernel, hidden.bias)
        ]
        with tf.GradientTape() as tape:
            outputs = model(problem.x_train[part], training=False)
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(problem.y_train[part], outputs))
        g = [
            np.asarray(found) * np.asarray(v)
            for found, v in zip(tape.gradient(loss, variables), variables, strict=True)
        ]
        expected_norm += (g[0] + g[1]) ** 2 / 2
        expected_hidden += (g[2].sum(axis=0) + g[3]) ** 2 / 2
    np.testing.assert_allclose(scores["conv2"], expected_norm, rtol=1e-3, atol=1e-12)
    np.testing.assert_allclose(scores["hidden"], expected_hidden, rtol=1e-3, atol=1e-12)


def test_random_is_random_and_uniform():
    found = [methods.get("random").select(make_problem(vgg(), seed=seed)) for seed in (0, 1)]
    assert any(not np.array_equal(found[0][name], found[1][name]) for name in found[0])
    assert methods.get("random").allocation == "uniform"


def test_allocations():
    problem = make_problem(trained(vgg, 3))
    rates = [items.mean() for items in methods.get("l1", allocation="uniform").select(problem).values()]
    assert max(rates) - min(rates) < 0.13
    rates = [items.mean() for items in methods.get("l1", allocation="global").select(problem).values()]
    assert max(rates) - min(rates) > 0.13
    keep = methods.get("l1", align=4).select(problem)
    sizes = {name: len(items) for name, items in keep.items()}
    assert all(n % 4 == 0 or n == sizes[name] for name, n in allocate.counts(keep).items())
    for options in ({"allocation": "local"}, {"normalise": "l7"}, {"max_rate": 2}, {"align": 0}):
        with pytest.raises(TfcapsError, match=next(iter(options))):
            methods.get("l1", **options)


@pytest.mark.parametrize("name", ["l1", "l2", "taylor"])
def test_it_beats_random_before_fine_tuning(name):
    wins = 0
    for seed in range(3):
        found = []
        for method in (name, "random"):
            problem = make_problem(trained(vgg, 3, seed), seed=seed)
            scores = methods.get(method).scores(problem)
            keep = allocate.cut(scores, dict.fromkeys(scores, 0.4))
            found.append(accuracy(shrink(problem.model, keep, problem.graph)))
        wins += found[0] > found[1]
    assert wins >= 2


def test_slots_sort_numbers_by_item():
    problem = make_problem(vgg())
    (slot,) = [s for s in slots(problem.graph) if s.layer.name == "hidden" and s.reads]
    values = np.arange(64 * 24).reshape(64, 24)
    rows = slot.by_item(values)
    assert rows.shape == (16, 4 * 24)
    np.testing.assert_array_equal(np.sort(rows[3]), np.sort(values[3::16].ravel()))
    assert slot.mask(np.arange(16) == 3)[:, 0].sum() == 4
