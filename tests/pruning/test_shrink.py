"""The smaller model computes what the masked one does, for every network of the zoo."""

import numpy as np
import pytest
import tensorflow as tf

from tests.pruning import zoo
from tfcaps._keras import keras
from tfcaps.pruning import ChannelGraph, mask, shrink

SEEDS = (0, 1, 2)


def randomise(model, seed=0):
    """Weights of a trained network: no zero bias, no unit scale, positive variances."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        name = getattr(weight, "path", weight.name).split("/")[-1].split(":")[0]
        if name in ("gamma", "moving_variance"):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        elif name in ("beta", "bias", "moving_mean", "alpha"):
            weight.assign(rng.normal(0, 0.3, weight.shape))
    return model


def test_randomise_reaches_all_weights():
    model = randomise(zoo.nested())
    assert all(np.any(value) and not np.all(value == 1) for value in model.get_weights())


def inputs(model, batch=4, seed=1):
    rng = np.random.default_rng(seed)
    return [tf.constant(rng.normal(0, 1, (batch, *x.shape[1:])), tf.float32) for x in model.inputs]


def call(model, x, training=False):
    names = [tensor.name for tensor in model.inputs]
    structure = getattr(model, "_inputs_struct", getattr(model, "_nested_inputs", None))
    given = dict(zip(names, x, strict=True)) if isinstance(structure, dict) else x if len(x) > 1 else x[0]
    return [np.asarray(y) for y in tf.nest.flatten(model(given, training=training))]


def random_keep(graph, seed, fraction=0.6):
    rng = np.random.default_rng(seed)
    keep = {}
    for group in graph.prunable:
        stays = rng.random(group.size) < fraction
        stays[rng.integers(group.size)] = True
        keep[group.name] = stays
    return keep


@pytest.fixture(scope="module", params=sorted(zoo.MODELS))
def network(request):
    keras.utils.set_random_seed(0)
    model = randomise(zoo.MODELS[request.param]())
    return model, ChannelGraph(model)


@pytest.mark.parametrize("seed", SEEDS)
def test_shrunk_is_masked(network, seed):
    model, graph = network
    keep = random_keep(graph, seed)
    small, masked = shrink(model, keep, graph), mask(model, keep, graph)
    assert small.count_params() < model.count_params() == masked.count_params()
    x = inputs(model)
    for training in (False, True):
        for a, b in zip(call(small, x, training), call(masked, x, training), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)
