"""`run_layer_test`: what every layer of tfcaps has to be able to do, checked one after the other.

A new layer's test is a call of it with the layer's arguments; see test_layers.py.
"""

import numpy as np
import tensorflow as tf

from tfcaps._keras import FLAVOUR, keras

BATCH = 3


def run_layer_test(layer_class, init_kwargs, input_shape, output_shape, tmp_path, trainable_weights=0):
    """Run every check.

    Args:
        layer_class: The layer.
        init_kwargs: Arguments of its constructor.
        input_shape: Without the batch; a list of shapes for a layer of several inputs.
        output_shape: Expected, without the batch.
        tmp_path: Where files may be written.
        trainable_weights: How many the layer should have.

    Returns:
        The layer's output on a random batch.
    """
    x = random_inputs(input_shape)
    layer = layer_class(**init_kwargs)
    y = layer(x).numpy()
    assert y.shape == (BATCH, *output_shape)
    assert np.isfinite(y).all()
    assert len(layer.trainable_weights) == trainable_weights
    assert tuple(layer.compute_output_shape(batch_shapes(input_shape))) == (None, *output_shape)

    check_config(layer_class, init_kwargs, layer, x, y)
    check_graph(layer, x, y)
    check_saving(layer, input_shape, x, y, tmp_path)
    check_mixed_precision(layer_class, init_kwargs, layer, x, y)
    check_training(layer_class, init_kwargs, input_shape, output_shape, x)
    return y


def check_config(layer_class, init_kwargs, layer, x, y):
    """The config rebuilds the layer, name and dtype included, and survives the registry of serialisable objects."""
    again = layer_class.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.name == layer.name
    again(x)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(x), y)
    revived = keras.layers.deserialize(keras.layers.serialize(layer))
    assert type(revived) is layer_class
    named = layer_class(**init_kwargs, name="my_name")
    assert layer_class.from_config(named.get_config()).name == "my_name"


def check_graph(layer, x, y):
    """A traced call of unknown batch gives what the eager call gives, for two sizes of batch from one trace."""
    flat = tf.nest.flatten(x)
    signature = [tf.TensorSpec([None, *part.shape[1:]], part.dtype) for part in flat]
    traced = tf.function(lambda *parts: layer(tf.nest.pack_sequence_as(x, parts)), input_signature=signature)
    np.testing.assert_allclose(traced(*flat), y, atol=1e-6)
    np.testing.assert_allclose(traced(*[part[:1] for part in flat]), y[:1], atol=1e-6)


def check_saving(layer, input_shape, x, y, tmp_path):
    """Clone, .keras, .h5 and weight files bring the model back."""
    model = functional(layer, input_shape)
    expected = model.predict(x, verbose=0)
    np.testing.assert_allclose(expected, y, atol=1e-6)

    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.predict(x, verbose=0), expected)

    for suffix in (".keras", ".h5"):
        path = str(tmp_path / f"model{suffix}")
        model.save(path)
        loaded = keras.models.load_model(path)
        np.testing.assert_array_equal(loaded.predict(x, verbose=0), expected)

    path = str(tmp_path / "model.weights.h5")
    model.save_weights(path)
    other = keras.models.clone_model(model)
    other.load_weights(path)
    np.testing.assert_array_equal(other.predict(x, verbose=0), expected)


def check_mixed_precision(layer_class, init_kwargs, layer, x, y):
    """Under mixed_float16 the layer computes in half precision, keeps float32 weights, and is close to float32."""
    policy = "mixed_float16" if FLAVOUR == "keras" else keras.mixed_precision.Policy("mixed_float16")
    half = layer_class(**init_kwargs, dtype=policy)
    half_y = half(x)
    assert half_y.dtype == tf.float16
    assert all(tf.as_dtype(w.dtype) == tf.float32 for w in half.weights)
    half.set_weights(layer.get_weights())
    np.testing.assert_allclose(half(x), y, atol=0.02)


def check_training(layer_class, init_kwargs, input_shape, output_shape, x):
    """One step of `fit` changes every weight, before the layer too; gradients are finite, at inputs of zero as well."""
    layer = layer_class(**init_kwargs)
    model = functional(layer, input_shape, keras.layers.Dense(shapes(input_shape)[0][-1]))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    before = [w.copy() for w in model.get_weights()]
    target = np.ones((BATCH, *output_shape), "float32")
    model.fit(x, target, epochs=1, verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        assert np.isfinite(new).all()
        assert not np.array_equal(old, new)

    for start in (x, tf.nest.map_structure(np.zeros_like, x)):
        inputs = tf.nest.map_structure(tf.constant, start)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            y = layer(inputs)
        assert np.isfinite(y).all()
        gradients = tape.gradient(y, [part for part in tf.nest.flatten(inputs) if part.dtype.is_floating])
        assert all(g is not None and np.isfinite(g).all() for g in gradients)


def functional(layer, input_shape, before=None):
    """The layer as a model, if asked with another layer before its first input."""
    inputs = [keras.Input(shape) for shape in shapes(input_shape)]
    x = [before(inputs[0]) if before else inputs[0], *inputs[1:]]
    return keras.Model(inputs if several(input_shape) else inputs[0], layer(x if several(input_shape) else x[0]))


def random_inputs(input_shape, seed=0):
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=(BATCH, *shape)).astype("float32") for shape in shapes(input_shape)]
    return parts if several(input_shape) else parts[0]


def batch_shapes(input_shape):
    parts = [(None, *shape) for shape in shapes(input_shape)]
    return parts if several(input_shape) else parts[0]


def several(input_shape):
    return isinstance(input_shape, list)


def shapes(input_shape):
    return input_shape if several(input_shape) else [input_shape]
