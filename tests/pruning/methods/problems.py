"""Small problems that the methods are tested on: networks, trained on scikit-learn's 8x8 digits in seconds."""

import functools

import numpy as np

from tfcaps import datasets, layers
from tfcaps._keras import keras
from tfcaps.losses import MarginLoss
from tfcaps.pruning.cost import CostModel
from tfcaps.pruning.graph import ChannelGraph
from tfcaps.pruning.methods import Problem
from tfcaps.pruning.target import Target

K = keras.layers


def vgg():
    """Four convolutions with batch normalisation, a dense layer and a classifier."""
    x = image = keras.Input((8, 8, 1), name="image")
    for i, (filters, strides) in enumerate([(8, 1), (12, 2), (16, 1), (16, 2)], 1):
        x = K.Conv2D(filters, 3, strides, "same", use_bias=False, name=f"conv{i}")(x)
        x = K.ReLU(name=f"relu{i}")(K.BatchNormalization(momentum=0.9, name=f"norm{i}")(x))
    x = K.Dense(24, activation="relu", name="hidden")(K.Flatten(name="flatten")(x))
    return keras.Model(image, K.Dense(10, activation="softmax", name="classes")(x), name="vgg")


def capsules(routing="dynamic"):
    """A convolution with normalisation, 6 types of 4-D capsules at 4 places, 10 class capsules."""
    image = keras.Input((8, 8, 1), name="image")
    x = K.Conv2D(12, 3, use_bias=False, name="conv1")(image)
    x = K.ReLU(name="relu1")(K.BatchNormalization(momentum=0.9, name="norm1")(x))
    u = layers.primary_capsules(x, types=6, dim=4, kernel_size=3, strides=2)
    v = layers.CapsuleDense(10, 6, routing=routing, name="class_caps")(u)
    return keras.Model(image, layers.CapsuleLength(name="lengths")(v), name="capsules")


def residual():
    """A stem and two residual blocks on one stream, global pooling."""
    x = image = keras.Input((8, 8, 1), name="image")
    x = K.ReLU(name="relu0")(
        K.BatchNormalization(momentum=0.9, name="norm0")(K.Conv2D(8, 3, 1, "same", name="stem")(x))
    )
    for i in (1, 2):
        y = K.ReLU(name=f"relu{i}a")(
            K.BatchNormalization(momentum=0.9, name=f"norm{i}a")(K.Conv2D(10, 3, 1, "same", name=f"conv{i}a")(x))
        )
        y = K.BatchNormalization(momentum=0.9, name=f"norm{i}b")(K.Conv2D(8, 3, 1, "same", name=f"conv{i}b")(y))
        x = K.ReLU(name=f"relu{i}b")(K.Add(name=f"add{i}")([x, y]))
    x = K.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(image, K.Dense(10, activation="softmax", name="classes")(x), name="residual")


@functools.cache
def digits():
    return datasets.load("digits")


def loss_of(model):
    return MarginLoss() if model.name == "capsules" else "sparse_categorical_crossentropy"


@functools.cache
def _trained(build, epochs, seed):
    keras.utils.set_random_seed(seed)
    model = build()
    data = digits()
    model.compile(keras.optimizers.Adam(3e-3), loss_of(model))
    model.fit(data.x_train[:1100], data.y_train[:1100], batch_size=32, epochs=epochs, verbose=0)
    return model.get_weights()


def trained(build=vgg, epochs=6, seed=0):
    """A fresh model with the weights of a short training on 1,100 digits."""
    model = build()
    model.set_weights(_trained(build, epochs, seed))
    return model


def make_problem(model, target=None, *, seed=0, **options):
    """The problem of pruning a model; half of the MACs by default. 337 digits are held out."""
    data = digits()
    graph = ChannelGraph(model)
    cost = CostModel(graph)
    options = {"loss": loss_of(model), "batch_size": 64} | options
    return Problem(
        model=model,
        graph=graph,
        cost=cost,
        target=Target.read(target or {"macs": 0.5}, cost.dense),
        x_train=data.x_train[:1100],
        y_train=data.y_train[:1100],
        x_val=data.x_train[1100:],
        y_val=data.y_train[1100:],
        rng=np.random.default_rng(seed),
        **options,
    )


def accuracy(model):
    """On the 360 test images."""
    data = digits()
    outputs = model.predict(data.x_test, verbose=0, batch_size=360)
    return float((outputs.argmax(axis=1) == data.y_test).mean())


def small_fit(model, epochs=1, learning_rate=1e-3):
    """Fine-tune."""
    data = digits()
    model.compile(keras.optimizers.Adam(learning_rate), loss_of(model))
    model.fit(data.x_train[:1100], data.y_train[:1100], batch_size=32, epochs=epochs, verbose=0)
    return model
