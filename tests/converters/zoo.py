"""Small models of every kind that a Keras user builds, all with capsules inside."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfcaps._keras import keras
from tfcaps.layers import CapsuleDense, CapsuleLength, CapsuleSelect, Squash, primary_capsules
from tfcaps.routing import Dynamic

layers = keras.layers
IMAGE = (14, 14, 1)


def functional():
    x = keras.Input(IMAGE, name="image")
    h = layers.Conv2D(8, 5, activation="relu")(x)
    v = CapsuleDense(3, 6, name="class_capsules")(primary_capsules(h, 4, 4, 5, 2))
    return keras.Model(x, CapsuleLength(name="lengths")(v))


def leaky_with_bias():
    x = keras.Input(IMAGE, name="image")
    u = primary_capsules(x, 4, 4, 5, 3)
    v = CapsuleDense(3, 6, routing=Dynamic(2, leaky=True), use_bias=True)(u)
    return keras.Model(x, CapsuleLength(name="lengths")(v))


def sequential():
    return keras.Sequential(
        [
            keras.Input(IMAGE),
            layers.Conv2D(8, 5, strides=2, activation="relu"),
            layers.Reshape((25, 8)),
            Squash(),
            CapsuleDense(3, 6),
            CapsuleLength(),
        ]
    )


def batch_norm_and_two_outputs():
    x = keras.Input(IMAGE, name="image")
    h = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 5)(x)))
    v = CapsuleDense(3, 6, name="poses")(primary_capsules(h, 4, 4, 5, 2))
    both = layers.Concatenate()([layers.Flatten()(v), layers.GlobalAveragePooling2D()(h)])
    return keras.Model(x, [layers.Dense(4, activation="softmax", name="classes")(both), v])


def two_inputs():
    a, b = keras.Input(IMAGE, name="left"), keras.Input(IMAGE, name="right")
    conv = layers.Conv2D(8, 5, strides=2, activation="relu")
    h = layers.Concatenate()([conv(a), conv(b)])
    v = CapsuleDense(3, 6)(primary_capsules(h, 4, 4, 3))
    return keras.Model([a, b], CapsuleLength(name="lengths")(v))


def shared_capsules():
    a, b = keras.Input(IMAGE, name="left"), keras.Input(IMAGE, name="right")
    conv, squash, dense = layers.Conv2D(8, 5, strides=3), Squash(), CapsuleDense(3, 4, name="shared")
    v = [dense(squash(layers.Reshape((32, 4))(conv(x)))) for x in (a, b)]
    return keras.Model([a, b], CapsuleLength(name="lengths")(layers.Add()(v)))


def nested():
    inner_input = keras.Input((64, 4))
    inner = keras.Model(inner_input, CapsuleDense(5, 4)(Squash()(inner_input)), name="inner")
    x = keras.Input(IMAGE, name="image")
    h = layers.Reshape((64, 4))(layers.Conv2D(16, 5, strides=4)(layers.ZeroPadding2D(2)(x)))
    return keras.Model(x, CapsuleLength(name="lengths")(CapsuleDense(3, 4)(inner(h))))


def selected_capsules(indices=(0, 1, 2, 5, 6, 9, 13, 14, 15, 20, 31, 33)):
    """Pruning left some of the input capsules."""
    x = keras.Input(IMAGE, name="image")
    h = layers.Conv2D(8, 5, activation="relu", name="conv")(x)
    u = CapsuleSelect(indices, name="select")(primary_capsules(h, 4, 4, 5, 2))
    return keras.Model(x, CapsuleLength(name="lengths")(CapsuleDense(3, 6, name="class_capsules")(u)))


def capsules_on_the_input():
    x = keras.Input((6, 4), name="capsules")
    return keras.Model(x, CapsuleLength(name="lengths")(CapsuleDense(3, 4)(x)))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Conv2D(8, 5, activation="relu")
        self.second = layers.Conv2D(16, 5, strides=2)
        self.capsules = keras.Sequential([Squash(), CapsuleDense(3, 6)])
        self.classes = layers.Dense(4)

    def call(self, x, training=False):
        h = tf.reshape(self.second(self.first(x)), (-1, 36, 4))
        return self.classes(tf.reshape(self.capsules(h), (-1, 18)))


class SubclassedOfTwo(keras.Model):
    """Takes a dict, gives a dict."""

    def __init__(self):
        super().__init__()
        self.conv = layers.Conv2D(8, 5, strides=3)
        self.squash, self.capsules, self.length = Squash(), CapsuleDense(3, 6), CapsuleLength()

    def call(self, x, training=False):
        h = tf.reshape(self.conv(x["left"] + x["right"]), (-1, 32, 4))
        v = self.capsules(self.squash(h))
        return {"lengths": self.length(v), "poses": v}


MODELS = {
    "functional": functional,
    "leaky_with_bias": leaky_with_bias,
    "sequential": sequential,
    "batch_norm_and_two_outputs": batch_norm_and_two_outputs,
    "two_inputs": two_inputs,
    "shared_capsules": shared_capsules,
    "nested": nested,
    "selected_capsules": selected_capsules,
    "capsules_on_the_input": capsules_on_the_input,
    "subclassed": Subclassed,
    "subclassed_of_two": SubclassedOfTwo,
}


def build(name, seed=0):
    """A model and 24 examples for it: an array or a dict."""
    keras.utils.set_random_seed(seed)
    random = np.random.default_rng(seed)
    model = MODELS[name]()
    if name == "capsules_on_the_input":
        data = random.normal(0, 0.5, (24, 6, 4)).astype(np.float32)
    elif name in ("two_inputs", "shared_capsules", "subclassed_of_two"):
        data = {side: random.random((24, *IMAGE), np.float32) for side in ("left", "right")}
    else:
        data = random.random((24, *IMAGE), np.float32)
    predict(model, data)  # builds a subclassed one
    _enliven(model)
    return model, data


def _enliven(model):
    """Larger weights than a fresh network has, so that lengths spread over [0, 1) as in a trained one."""
    for layer in model._flatten_layers(include_self=False):
        factor = 5 if isinstance(layer, CapsuleDense) else 2.5 if isinstance(layer, layers.Conv2D) else 1
        if factor > 1:
            layer.set_weights([factor * w for w in layer.get_weights()])


def predict(model, data):
    """The model's outputs as a list of arrays, in the order of the .tflite."""
    value = data if not isinstance(data, dict) or type(model).__name__ == "SubclassedOfTwo" else list(data.values())
    return [y.numpy() for y in tf.nest.flatten(model(value, training=False))]
