"""Network slimming: a bimodal gamma, one threshold, groups that never vanish, a BatchNorm before primary capsules."""

import numpy as np
import pytest
import tensorflow as tf
from problems import accuracy, capsules, make_problem, residual, small_fit, trained, vgg

from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.pruning import mask, methods
from tfcaps.pruning.shrink import shrink

K = keras.layers


def gammas(model):
    norms = [layer for layer in model.layers if isinstance(layer, K.BatchNormalization)]
    return {layer.name: np.abs(np.asarray(layer.gamma)) for layer in norms}


def all_gammas(model):
    return np.concatenate(list(gammas(model).values()))


@pytest.fixture(scope="module")
def sparse():
    """A network trained with the penalty, and one without."""
    found = []
    for strength in (0.04, 0.0):
        problem = make_problem(trained(vgg, 3), {"macs": 0.5}, batch_size=32)
        methods.get("slimming", strength=strength, epochs=8).prepare(problem)
        found.append(problem)
    return found


def test_gamma_becomes_bimodal(sparse):
    with_penalty, without = (all_gammas(problem.model) for problem in sparse)
    small, control = np.mean(with_penalty < 1e-2), np.mean(without < 1e-2)
    assert small >= 0.1
    assert small >= 3 * control
    # Two heaps: less lies in the wide range between the dead and the living than below it.
    assert np.mean((with_penalty > 1e-2) & (with_penalty < 5e-2)) < small
    assert accuracy(sparse[0].model) > 0.85


def test_the_threshold_is_global(sparse):
    problem = sparse[0]
    keep = methods.get("slimming", without_norm="whole").select(problem)
    kept = [gammas(problem.model)[f"norm{i}"][keep[f"conv{i}"]] for i in range(1, 5)]
    gone = [gammas(problem.model)[f"norm{i}"][~keep[f"conv{i}"]] for i in range(1, 5)]
    rates = [float(keep[f"conv{i}"].mean()) for i in range(1, 5)]
    assert max(rates) - min(rates) > 0.1
    threshold = max(values.max(initial=0.0) for values in gone)
    # Below it only what was put back because the target still allowed it, or is a group's last.
    assert sum(int((values < threshold).sum()) for values in kept) <= 3
    assert keep["hidden"].all()


def test_the_slimmed_model_is_the_one_with_gamma_and_beta_zero(sparse):
    problem = sparse[0]
    keep = methods.get("slimming").select(problem)
    small = shrink(problem.model, keep, problem.graph)
    x = np.random.default_rng(0).random((8, 8, 8, 1), dtype=np.float32)
    zeroed = keras.models.clone_model(problem.model)
    zeroed.set_weights(problem.model.get_weights())
    for i in range(1, 5):
        norm = zeroed.get_layer(f"norm{i}")
        for weight in (norm.gamma, norm.beta):
            weight.assign(np.asarray(weight) * keep[f"conv{i}"])
    hidden, classes = zeroed.get_layer("hidden"), zeroed.get_layer("classes")
    hidden.kernel.assign(np.asarray(hidden.kernel) * keep["hidden"])
    hidden.bias.assign(np.asarray(hidden.bias) * keep["hidden"])
    assert classes.kernel.shape[0] == len(keep["hidden"])
    np.testing.assert_allclose(np.asarray(small(x)), np.asarray(zeroed(x)), atol=1e-5)
    cost = problem.cost(keep)
    assert small.count_params() == cost.parameters < problem.model.count_params()


def test_fine_tuning_brings_the_accuracy_back(sparse):
    problem = sparse[0]
    keep = methods.get("slimming").select(problem)
    small = small_fit(shrink(problem.model, keep, problem.graph), epochs=3, learning_rate=3e-3)
    assert accuracy(small) > accuracy(trained(vgg, 3)) - 0.03


def test_a_group_whose_gammas_are_all_the_smallest_keeps_a_channel():
    model = trained(vgg, 3)
    norm = model.get_layer("norm2")
    norm.gamma.assign(np.zeros(12, np.float32))
    problem = make_problem(model, {"macs": 0.3})
    keep = methods.get("slimming", max_rate=1.0).select(problem)
    assert keep["conv2"].sum() == 1
    assert np.isfinite(np.asarray(shrink(model, keep, problem.graph)(np.ones((1, 8, 8, 1), np.float32)))).all()


def test_the_penalty_is_its_sub_gradient():
    problem = make_problem(trained(vgg, 3))
    method = methods.get("slimming", strength=0.25, weight_decay=0.0)
    from tfcaps.pruning.methods.slimming import _Penalty, _scales

    scales = _scales(problem, "whole")
    hook = _Penalty(scales, method.strength, 0.0, {})
    variables = problem.model.trainable_variables
    zeros = [tf.zeros(v.shape) for v in variables]
    found = hook.gradients(variables, zeros)
    for variable, gradient in zip(variables, found, strict=True):
        is_gamma = any(variable is problem.model.get_layer(f"norm{i}").gamma for i in range(1, 5))
        expected = 0.25 * np.sign(np.asarray(variable)) if is_gamma else 0.0 * np.asarray(variable)
        np.testing.assert_allclose(np.asarray(gradient), expected)


def test_the_penalty_on_filters_without_a_normalisation_is_the_gradient_of_their_norms():
    problem = make_problem(trained(vgg, 3))
    from tfcaps.pruning.methods.slimming import _Penalty, _scales

    scales = {"hidden": _scales(problem, "filters")["hidden"]}
    kernel = problem.model.get_layer("hidden").kernel
    hook = _Penalty(scales, 0.5, 0.0, {"hidden": 2.0})
    value = tf.Variable(np.asarray(kernel))
    with tf.GradientTape() as tape:
        penalty = 0.5 * 2.0 * tf.reduce_sum(tf.norm(value, axis=0))
    expected = tape.gradient(penalty, value)
    (found,) = hook.gradients([kernel], [tf.zeros(kernel.shape)])
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-4, atol=1e-7)


def test_a_normalisation_before_primary_capsules():
    problem = make_problem(trained(capsules, 3), {"macs": 0.7})
    method = methods.get("slimming", strength=0.02, epochs=2, without_norm="whole")
    small, keep = method.run(problem)
    assert not keep["conv1"].all()
    assert keep["primary"].all()
    norm = problem.model.get_layer("norm1")
    assert np.abs(np.asarray(norm.gamma))[keep["conv1"]].min() >= np.abs(np.asarray(norm.gamma))[~keep["conv1"]].max()
    assert tuple(small.get_layer("primary").kernel.shape) == (3, 3, int(keep["conv1"].sum()), 24)
    x = np.random.default_rng(0).random((4, 8, 8, 1), dtype=np.float32)
    np.testing.assert_allclose(np.asarray(small(x)), np.asarray(mask(problem.model, keep, problem.graph)(x)), atol=1e-5)


def test_a_stream_counts_with_the_mean_of_its_gammas():
    problem = make_problem(trained(residual, 3))
    scores = methods.get("slimming").scores(problem)
    found = gammas(problem.model)
    np.testing.assert_allclose(scores["stem"], np.mean([found[n] for n in ("norm0", "norm1b", "norm2b")], axis=0))
    np.testing.assert_allclose(scores["conv1a"], found["norm1a"])


def test_models_without_a_scale():
    x = keras.Input((8, 8, 1))
    h = K.Flatten()(K.Conv2D(4, 3, activation="relu", name="conv")(x))
    model = keras.Model(x, K.Dense(10, activation="softmax")(h), name="plain")
    with pytest.raises(ModelError, match="group 'conv' has no batch normalisation"):
        methods.get("slimming", without_norm="error").run(make_problem(model))
    with pytest.raises(ModelError, match="model 'plain' has no batch normalisation"):
        methods.get("slimming", without_norm="whole").run(make_problem(model))
    problem = make_problem(model)
    _, keep = methods.get("slimming", epochs=1).run(problem)
    assert problem.target.met(problem.cost(keep))


def test_several_passes():
    """What prune() does with steps=2: sparsify, cut, fine-tune, and again on what is left."""
    method = methods.get("slimming", steps=2, schedule="linear", epochs=1, strength=0.02)
    model = trained(vgg, 3)
    sizes = [model.count_params()]
    ratios = []
    for fraction in method.fractions():
        remaining = 1.0 - fraction * 0.5
        problem = make_problem(model, {"macs": remaining * 1.0 / (ratios[-1] if ratios else 1.0)})
        model, keep = method.run(problem)
        ratios.append(remaining)
        sizes.append(model.count_params())
        assert problem.target.met(problem.cost(keep))
    assert sizes[0] > sizes[1] > sizes[2]
