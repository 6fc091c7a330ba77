"""The smaller model computes what the masked one does, for every network of the zoo, and is a model like any other."""

from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf

from tests.pruning import zoo
from tfcaps import pruning, quantization
from tfcaps._keras import LEGACY, keras
from tfcaps.converters import to_tflite
from tfcaps.pruning import ChannelGraph, mask, shrink
from tfcaps.runtime import Interpreter


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


def inputs(model, batch=4, seed=1):
    """A random batch in the nesting in which the model takes its inputs."""
    rng = np.random.default_rng(seed)
    x = [rng.normal(0, 1, (batch, *x.shape[1:])).astype(np.float32) for x in model.inputs]
    if isinstance(getattr(model, "_inputs_struct", getattr(model, "_nested_inputs", None)), dict):
        return dict(zip([tensor.name for tensor in model.inputs], x, strict=True))
    return x if len(x) > 1 else x[0]


def call(model, x, training=False):
    return [np.asarray(y) for y in tf.nest.flatten(model(x, training=training))]


def random_keep(graph, seed, fraction=0.6):
    rng = np.random.default_rng(seed)
    keep = {}
    for group in graph.prunable:
        stays = rng.random(group.size) < fraction
        stays[rng.integers(group.size)] = True
        stays[rng.choice(np.flatnonzero(np.arange(group.size) != np.flatnonzero(stays)[0]))] = False
        keep[group.name] = stays
    return keep


@dataclass
class Network:
    """A network of the zoo, its graph, a cut and what it leaves."""

    model: object
    graph: ChannelGraph
    keep: dict
    small: object
    x: object


def build(name, batch=4):
    keras.utils.set_random_seed(0)
    model = randomise(zoo.MODELS[name]())
    graph = ChannelGraph(model)
    keep = random_keep(graph, 0)
    return Network(model, graph, keep, shrink(model, keep, graph), inputs(model, batch))


@pytest.fixture(scope="module", params=sorted(zoo.MODELS))
def network(request):
    return build(request.param)


def test_randomise_reaches_all_weights():
    model = randomise(zoo.nested())
    assert all(np.any(value) and not np.all(value == 1) for value in model.get_weights())


def check_masked(network, keep, small):
    masked = mask(network.model, keep, network.graph)
    assert small.count_params() < network.model.count_params() == masked.count_params()
    assert [layer.name for layer in small.layers] == [layer.name for layer in network.model.layers]
    for training in (False, True):
        for a, b in zip(call(small, network.x, training), call(masked, network.x, training), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)


def test_shrunk_is_masked(network):
    check_masked(network, network.keep, network.small)


def test_shrunk_is_masked_for_another_cut(network):
    keep = random_keep(network.graph, 1, fraction=0.3)
    check_masked(network, keep, shrink(network.model, keep, network.graph))


def test_keeping_all_is_a_copy_and_a_mask_has_an_effect(network):
    """Were a group's consumers forgotten, both sides of the test above would be wrong alike."""
    model, graph = network.model, network.graph
    copy = mask(model, {}, graph)
    assert copy is not model
    for a, b in zip(model.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    before = call(model, network.x)
    for a, b in zip(before, call(copy, network.x), strict=True):
        np.testing.assert_array_equal(a, b)
    name = np.random.default_rng(0).choice(list(network.keep))
    masked = call(mask(model, {name: network.keep[name]}, graph), network.x)
    assert any(not np.allclose(a, b, atol=1e-9) for a, b in zip(masked, before, strict=True)), name


def test_shrunk_is_saved_and_loaded_and_trains(network, tmp_path):
    network.small.save(tmp_path / "small.keras")
    small = keras.models.load_model(tmp_path / "small.keras", safe_mode=False)
    assert small.count_params() == network.small.count_params()
    expected = call(network.small, network.x)
    for a, b in zip(call(small, network.x), expected, strict=True):
        np.testing.assert_array_equal(a, b)

    weights = small.trainable_variables
    with tf.GradientTape() as tape:
        outputs = tf.nest.flatten(small(network.x, training=True))
        loss = tf.add_n([tf.reduce_mean(tf.square(y - 1.0)) for y in outputs])
    gradients = tape.gradient(loss, [weight if LEGACY else weight.value for weight in weights])
    assert all(gradient is not None and np.isfinite(tf.convert_to_tensor(gradient)).all() for gradient in gradients)
    keras.optimizers.SGD(0.01).apply_gradients(zip(gradients, weights, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(call(small, network.x), expected, strict=True))


@pytest.mark.parametrize("name", ["capsules", "inputs_and_outputs"])
def test_shrunk_fits(name):
    network = build(name)
    small = network.small
    small.compile("adam", "mse")
    y = tf.nest.map_structure(np.zeros_like, small.predict(network.x, verbose=0))
    losses = small.fit(network.x, y, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", ["mobilenet_v3", "capsules"])
def test_shrunk_converts(name):
    network = build(name, batch=32)
    files = [to_tflite(m, network.x) for m in (network.model, network.small)]
    assert len(files[1]) < len(files[0])
    actual, expected = Interpreter(files[1])(network.x), call(network.small, network.x)[0]
    assert np.corrcoef(np.ravel(actual), np.ravel(expected))[0, 1] > 0.95


@pytest.mark.skipif(not LEGACY, reason="tfmot knows tf_keras only")
def test_shrunk_can_be_made_sparse_and_quantised():
    network = build("capsules")
    sparse = pruning.prune_low_magnitude(network.small, sparsity=0.5)
    assert sparse.count_params() > network.small.count_params()
    quantised = quantization.quantize_model(network.small)
    quantised.compile("sgd", "mse")
    assert np.isfinite(quantised.train_on_batch(network.x, np.zeros((4, 3))))


def test_settings_of_layers_stay():
    layers = keras.layers
    policy = "mixed_float16" if not LEGACY else keras.mixed_precision.Policy("mixed_float16")
    inner_input = keras.Input((6, 6, 4))
    inner = keras.Model(inner_input, layers.Conv2D(8, 3, name="deep")(inner_input), name="inner")
    inner.trainable = False
    image = keras.Input((8, 8, 2))
    x = layers.Conv2D(
        4,
        3,
        name="first",
        kernel_regularizer=keras.regularizers.L2(0.1),
        kernel_constraint=keras.constraints.MaxNorm(1.5),
        bias_initializer="ones",
    )(image)
    x = layers.BatchNormalization(name="norm", trainable=False)(x)
    x = layers.Flatten()(layers.Conv2D(6, 3, name="half", dtype=policy)(inner(x)))
    model = keras.Model(image, layers.Dense(2, dtype="float32")(x), name="whole")
    half = {"first": np.arange(4) < 2, "half": np.arange(6) < 3}
    small = shrink(model, half)
    assert small.name == "whole"
    assert not small.get_layer("norm").trainable
    assert not small.get_layer("inner").trainable
    assert not small.get_layer("inner").get_layer("deep").trainable
    assert small.get_layer("first").trainable
    assert len(small.trainable_weights) == len(model.trainable_weights) == 6
    assert small.get_layer("half").compute_dtype == "float16"
    assert small.get_layer("first").kernel_constraint.get_config()["max_value"] == 1.5
    assert small.get_layer("first").bias_initializer.__class__.__name__ == "Ones"
    assert len(small.losses) == 1
    np.testing.assert_array_equal(small.get_layer("first").kernel, np.asarray(model.get_layer("first").kernel)[..., :2])


def test_layers_are_the_model_s_own():
    """Nothing is shared with the given model, which stays as it is."""
    network = build("nested")
    model, small = network.model, network.small
    before = [value.copy() for value in model.get_weights()]
    small.set_weights([np.zeros(w.shape) for w in small.get_weights()])
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_shrinking_twice_is_shrinking_once():
    model = randomise(zoo.resnet_v1())
    graph = ChannelGraph(model)
    name = graph.prunable[0].name
    at_once = shrink(model, {name: np.arange(8) % 4 == 0})
    once = shrink(model, {name: np.arange(8) % 2 == 0})
    twice = shrink(once, {name: np.arange(4) % 2 == 0})
    for a, b in zip(at_once.get_weights(), twice.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_unregistered_function_goes_over():
    """A layer with a Python function is built again with the function itself, not from its code."""

    def twice(t):
        return 2.0 * t

    x = keras.Input((4,))
    y = keras.layers.Lambda(twice, output_shape=(6,), name="twice")(
        keras.layers.Dense(6)(keras.layers.Dense(5, name="d")(x))
    )
    small = shrink(keras.Model(x, y), {"d": np.arange(5) > 1})
    assert small.get_layer("twice").function is twice
    assert small.get_layer("d").units == 3


@pytest.mark.parametrize("name", ["folded", "ghost", "padded_shortcut", "split_and_gate"])
def test_a_loaded_model_with_raw_functions_can_be_shrunk_again(name, tmp_path):
    """Files hold the functions' arguments in other types than Python code does."""
    network = build(name)
    network.small.save(tmp_path / "small.keras")
    loaded = keras.models.load_model(tmp_path / "small.keras")
    graph = ChannelGraph(loaded)
    keep = {group.name: np.arange(group.size) != 1 for group in graph.prunable}
    check_masked(Network(loaded, graph, keep, None, network.x), keep, shrink(loaded, keep, graph))
