"""Which channels are found to belong together, what the graph says about them, and what it refuses."""

import re

import numpy as np
import pytest
import tensorflow as tf

from tests.pruning import zoo
from tfcaps import models
from tfcaps._keras import LEGACY, keras
from tfcaps.errors import ModelError
from tfcaps.layers import CapsuleDense, CapsuleLength, primary_capsules
from tfcaps.pruning import ChannelGraph, mask, shrink
from tfcaps.routing import ROUTINGS, Dynamic, Routing

layers = keras.layers


def sizes(graph):
    return [group.size for group in graph.groups]


def describe(members):
    return {(member.layer.name, member.weight, member.axis, member.role) for member in members}


def chain():
    image = keras.Input((8, 8, 3))
    x = layers.BatchNormalization(name="norm")(layers.Conv2D(6, 3, name="conv")(image))
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, name="depthwise")(layers.ReLU()(x))
    return keras.Model(image, layers.Dense(2, name="top")(layers.Flatten()(x)), name="chain")


def test_members_of_a_chain():
    graph = ChannelGraph(chain())
    group = graph.group("conv")
    assert (group.name, group.size, group.frozen, group.minimum) == ("conv", 6, None, 1)
    assert describe(group.members) == {
        ("conv", "kernel", 3, "out"),
        ("conv", "bias", 0, "out"),
        ("norm", "gamma", 0, "both"),
        ("norm", "beta", 0, "both"),
        ("norm", "moving_mean", 0, "both"),
        ("norm", "moving_variance", 0, "both"),
        ("depthwise", "depthwise_kernel", 2, "both"),
        ("depthwise", "bias", 0, "both"),
        ("top", "kernel", 0, "in"),
    }
    assert describe(group.producers) == {("conv", "kernel", 3, "out"), ("conv", "bias", 0, "out")}
    assert describe(group.consumers) == {("top", "kernel", 0, "in")}
    (top,) = group.consumers
    assert top.value().shape == (4 * 4 * 12, 2)
    np.testing.assert_array_equal(top.items, np.tile(np.repeat(np.arange(6), 2), 16))
    assert graph.prunable == (group,)
    assert graph.group("top").frozen == "model output"


def test_a_capsule_type_is_one_item():
    graph = ChannelGraph(models.build("tiny"))
    assert [(g.name, g.size, g.frozen) for g in graph.groups] == [
        ("conv1", 8, None),
        ("primary", 4, None),
        ("class_caps", 4, None),
    ]
    kernel, bias, rows = graph.group("primary").members
    np.testing.assert_array_equal(kernel.items, np.repeat(np.arange(4), 4))
    np.testing.assert_array_equal(bias.items, kernel.items)
    assert (rows.weight, rows.axis) == ("kernel", 0)
    np.testing.assert_array_equal(rows.items, np.tile(np.repeat(np.arange(4), 4), 9))
    (columns,) = graph.group("class_caps").members
    np.testing.assert_array_equal(columns.items, np.tile(np.arange(4), 10))


def test_a_removed_type_takes_its_capsules_along():
    small = shrink(models.build("tiny"), {"primary": np.array([True, False, True, False])})
    assert small.get_layer("primary").filters == 8
    assert tuple(small.get_layer("primary_reshape").output.shape) == (None, 18, 4)
    assert tuple(small.get_layer("class_caps").kernel.shape) == (18 * 4, 40)


def test_chosen_capsules_are_numbered_again():
    small = shrink(zoo.selected_capsules(), {"primary": np.array([True, False, True, True, False])})
    # Types 0, 2 and 3 of five are left: capsules 0, 2, 3, 5, 7, 8, 10 ... Chosen of them: 0, 2, 3, 8, 17, 20 and 33.
    assert small.get_layer("select").indices == [0, 1, 2, 5, 10, 12, 20]
    assert small.get_layer("class_caps").kernel.shape == (7 * 4, 12)


def test_pose_dimensions_go_on_both_sides():
    model = zoo.capsules()
    small = shrink(model, {"hidden_caps": np.array([True, True, False, False, True])})
    assert small.get_layer("hidden_caps").dim == 3
    assert tuple(small.get_layer("class_caps").kernel.shape) == (6 * 3, 3 * 4)


def test_residual_stream_is_one_group():
    graph = ChannelGraph(zoo.resnet_v1())
    first = graph.groups[0]
    assert len(first.producers) == 2
    assert first.size == 8
    assert graph.group(first.producers[1].layer.name) is first


def test_concatenated_groups_stay_apart():
    image = keras.Input((8, 8, 3))
    a, b = layers.Conv2D(4, 3, name="a")(image), layers.Conv2D(6, 3, name="b")(image)
    x = layers.Conv2D(5, 3, name="c")(layers.Concatenate()([a, b]))
    graph = ChannelGraph(keras.Model(image, layers.GlobalMaxPooling2D()(x)))
    assert [(g.name, g.size) for g in graph.groups] == [("a", 4), ("b", 6), ("c", 5)]
    np.testing.assert_array_equal(graph.group("a").consumers[0].items, [0, 1, 2, 3, *[-1] * 6])
    np.testing.assert_array_equal(graph.group("b").consumers[0].items, [*[-1] * 4, *range(6)])


def test_parts_of_a_layer_that_go_different_ways_are_groups_of_their_own():
    graph = ChannelGraph(zoo.split_and_gate())
    assert sizes(graph) == [6, 4, 6, 5, 3]
    first, second = graph.groups[1:3]
    assert first.name.removesuffix("[0]") == second.name.removesuffix("[1]") == first.producers[0].layer.name
    with pytest.raises(ModelError, match=r"makes several groups: choose one of .*\[0\], .*\[1\]"):
        graph.group(first.producers[0].layer.name)


def test_gate_halves_the_channels():
    group = ChannelGraph(zoo.split_and_gate()).groups[0]
    np.testing.assert_array_equal(group.producers[0].items, [*range(6), *range(6)])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shuffle", [4, 6, 8, 4]),
        ("resnext", [4, 4, 4, 10, 4]),
        ("padded_shortcut", [6, 10, 4, 4]),
        ("folded", [4, 6, 3]),
        ("autoencoder", [8, 10, 8, 6, 3]),
        ("ghost", [8, 4, 6, 4]),
        ("siamese", [6, 2]),
        ("shared", [8, 6, 4]),
        ("recurrent", [8, 6, 6, 5, 5, 3]),
        ("bidirectional", [8, 6, 5, 3]),
    ],
)
def test_sizes(name, expected):
    graph = ChannelGraph(zoo.MODELS[name]())
    assert sizes(graph) == expected
    assert len(graph.prunable) == len(expected) - 1


def test_heads_are_a_group_of_their_layer():
    graph = ChannelGraph(zoo.attention())
    assert {group.name: group.size for group in graph.prunable} == {
        "own": 4,
        "hidden": 12,
        "keys": 6,
        "values": 5,
        "cross[0]": 3,
        "cross[1]": 7,
    }
    assert {weight for _, weight, _, _ in describe(graph.group("cross[0]").members)} == {
        *("_query_dense.kernel", "_key_dense.kernel", "_value_dense.kernel", "_output_dense.kernel"),
    }


def sequence(layer):
    x = keras.Input((5, 4))
    h = layer(layers.Dense(6, name="before")(x))
    return ChannelGraph(keras.Model(x, layers.Dense(2)(layers.Flatten()(h)))).group("before").frozen


RECURRENT = {
    "a state of its own": (lambda: layers.LSTM(3, stateful=True), "stateful"),
    "a softmax in it": (lambda: layers.GRU(3, activation="softmax"), "'softmax' may mix channels"),
    "an initial state": (
        lambda: lambda h: layers.GRU(6)(h, initial_state=layers.GlobalMaxPooling1D()(h)),
        "GRU .*: it is given an initial state",
    ),
    "cells": (lambda: layers.RNN([layers.LSTMCell(3), layers.LSTMCell(4)]), "RNN .* cannot be seen through"),
    "two kinds": (
        lambda: layers.Bidirectional(layers.LSTM(3), backward_layer=layers.GRU(3, go_backwards=True)),
        "its layers are not two of SimpleRNN, GRU and LSTM",
    ),
    "two sizes": (
        lambda: layers.Bidirectional(layers.GRU(3), backward_layer=layers.GRU(4, go_backwards=True)),
        "not of one size",
    ),
    "scores": (
        lambda: lambda h: layers.MultiHeadAttention(2, 3)(h, h, return_attention_scores=True)[0],
        "MultiHeadAttention .*: it returns scores",
    ),
    "several axes": (
        lambda: lambda h: layers.Flatten()(layers.MultiHeadAttention(2, 3)(*[layers.Reshape((5, 2, 3))(h)] * 2)),
        "several axes",
    ),
}


@pytest.mark.parametrize("what", RECURRENT)
def test_reasons_of_sequences(what):
    make, reason = RECURRENT[what]
    frozen = sequence(make()) if what != "a state of its own" else stateful(make())
    assert re.search(reason, frozen), frozen


def stateful(layer):
    x = keras.Input((5, 4), 2)
    h = layer(layers.Dense(6, name="before")(x))
    return ChannelGraph(keras.Model(x, layers.Dense(2)(h))).group("before").frozen


def test_paths_of_nested_layers():
    graph = ChannelGraph(zoo.nested_twice())
    paths = [group.name.rsplit("/", 1)[0] for group in graph.groups]
    assert paths[1:4] == ["middle", "middle/core", "middle"]
    inner = graph.groups[2]
    assert graph.group(inner.producers[0].layer.name) is inner


def test_what_cannot_be_seen_through_is_frozen_with_the_reason():
    graph = ChannelGraph(zoo.unknown_layer())
    reasons = [group.frozen for group in graph.groups]
    assert reasons == [None, "Lambda 'backwards' cannot be seen through", None, "model output"]
    normed = ChannelGraph(zoo.transformer())
    assert "LayerNormalization 'layer_norm" in normed.groups[0].frozen
    assert [group.size for group in normed.prunable] == [2, 16]  # heads, hidden units


def test_hidden_output_is_frozen():
    graph = ChannelGraph(zoo.inputs_and_outputs())
    assert graph.group("hidden").frozen == "model output"
    assert len(graph.prunable) == 2


def frozen_by(*body):
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(6, 3, name="conv")(image)
    for layer in body:
        x = layer(x)
    x = layers.Flatten()(x)
    return ChannelGraph(keras.Model(image, layers.Dense(2)(x))).group("conv").frozen


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([layers.Softmax()], "Softmax 'softmax.*': it mixes channels"),
        ([layers.Activation("softmax")], "Activation .* its activation 'softmax' may mix channels"),
        ([layers.LayerNormalization()], "its statistics mix channels"),
        ([layers.Permute((3, 1, 2)), layers.Conv2D(4, 3)], "channels lie on axis 1 of its input"),
        ([layers.BatchNormalization(axis=1)], "channels lie on axis 3 of its input"),
        ([layers.Rescaling([1.0] * 6)], "a scale or offset for each channel"),
        ([layers.RandomFlip()], "RandomFlip .* cannot be seen through"),
        ([layers.TimeDistributed(layers.Dense(3))], "TimeDistributed .* cannot be seen through"),
    ],
)
def test_reasons(body, reason):
    frozen = frozen_by(*[type(layer).from_config({**layer.get_config(), "name": None}) for layer in body])
    assert re.search(reason, frozen), frozen


def test_layers_that_sum_elsewhere_freeze_nothing():
    assert frozen_by(layers.Softmax(axis=1)) is None
    assert frozen_by(layers.Permute((2, 1, 3)), layers.Conv2D(4, 3)) is None


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: x + tf.constant([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), "it uses a constant for each channel"),
        (lambda x: zoo.maximum(x, np.arange(6, dtype="float32")), "it uses a constant for each channel"),
        (lambda x: zoo.clip(x, np.zeros(6, "float32"), 1.0), "it uses a constant for each channel"),
        (lambda x: zoo.clip(x + 1.0, 0.0, 1.0), None),
        (lambda x: x * np.ones((1, 6, 6, 1), "float32"), None),
        (lambda x: zoo.mean(x, -1), "it mixes channels"),
        (lambda x: zoo.transpose(zoo.transpose(x, (3, 1, 2, 0)), (3, 1, 2, 0)), "it moves the batch"),
        (lambda x: zoo.reshape(x, (-1, 12, 6)), "it moves elements between the examples"),
        (lambda x: x[:, :, :, ::2], "it takes every other channel"),
        (lambda x: x[..., None], "it adds an axis"),
        (lambda x: zoo.reshape(zoo.split(x, 2)[0], (-1, 108))[:, 3:], None),
    ],
)
def test_reasons_of_functions(function, reason):
    image = keras.Input((8, 8, 3))
    x = function(layers.Conv2D(6, 3, name="conv")(image))
    model = keras.Model(image, layers.Dense(2)(layers.Flatten()(x)))
    graph = ChannelGraph(model)
    frozen = [group.frozen for group in graph.groups[:-1]]
    if reason is None:
        assert not any(frozen)
    else:
        assert all(reason in text for text in frozen), frozen
        assert shrink(model, {}).count_params() == model.count_params()


@pytest.mark.skipif(not LEGACY, reason="in Keras 3 a shape is a tuple of numbers, no tensor")
@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: tf.reshape(x, tf.stack([tf.shape(x)[0], 36, 6])), "its shape is computed"),
        (lambda x: x / tf.cast(tf.shape(x)[3], tf.float32), "computes with the size of a tensor"),
        (lambda x: x / tf.cast(tf.shape(x) * 2, tf.float32)[3], "computes with the size of a tensor"),
        (lambda x: tf.reshape(x, [tf.shape(x)[0], 36, 6]), None),
    ],
)
def test_computing_with_sizes(function, reason):
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(6, 3, name="conv")(image)
    model = keras.Model(image, layers.Conv1D(2, 1)(layers.Reshape((36, 6))(function(x))))
    frozen = ChannelGraph(model).group("conv").frozen
    assert frozen is None if reason is None else reason in frozen


class Scale(layers.Layer):
    def call(self, inputs):
        return 2.0 * inputs


class Negative(layers.ReLU):
    def call(self, inputs):
        return -super().call(inputs)


class Renamed(layers.ReLU):
    pass


def test_subclasses_are_known_as_long_as_they_compute_the_same():
    assert "cannot be seen through" in frozen_by(Scale())
    assert "cannot be seen through" in frozen_by(Negative())
    assert frozen_by(Renamed()) is None


def test_unknown_routing_freezes_its_inputs():
    class Counting(Dynamic):
        name = "counting"

    x = keras.Input((8, 8, 1))
    v = CapsuleDense(2, 3, routing=Counting())(primary_capsules(x, 4, 4, 3))
    graph = ChannelGraph(keras.Model(x, CapsuleLength()(v)))
    assert "routing 'counting' may depend on the number of capsules" in graph.group("primary").frozen
    assert not graph.prunable


def test_every_routing_is_known_or_frozen():
    """A new routing has to be looked at: does an input capsule without votes change anything?"""
    assert set(ROUTINGS) == {"dynamic"}
    assert issubclass(ROUTINGS["dynamic"], Routing)


def test_channels_first():
    """Such a model can only be run on some processors, but it can be cut on all."""
    image = keras.Input((3, 8, 8))
    x = layers.Conv2D(6, 3, data_format="channels_first", name="conv")(image)
    x = layers.BatchNormalization(axis=1, name="norm")(x)
    x = layers.ZeroPadding2D(data_format="channels_first")(x)
    y = layers.Flatten(data_format="channels_first")(x)
    x = layers.GlobalMaxPooling2D(data_format="channels_first")(x)
    small = shrink(
        keras.Model(image, layers.Dense(2, name="top")(layers.Concatenate()([x, y]))), {"conv": np.arange(6) > 3}
    )
    assert small.get_layer("norm").gamma.shape == (2,)
    assert small.get_layer("top").kernel.shape == (2 + 8 * 8 * 2, 2)


def test_channels_that_are_added_to_the_input_stay():
    image = keras.Input((8, 8, 3))
    x = layers.Add()([image, layers.Conv2D(3, 3, padding="same", name="conv")(image)])
    graph = ChannelGraph(keras.Model(image, layers.Conv2D(2, 1)(x)))
    assert graph.group("conv").frozen == "model input"
    assert graph.group("conv").size == 3


def test_a_map_that_is_broadcast_over_channels_freezes_none():
    image, attention = keras.Input((8, 8, 3)), keras.Input((8, 8, 1))
    x = layers.Multiply()([layers.Conv2D(6, 1, name="conv")(image), attention])
    graph = ChannelGraph(keras.Model([image, attention], layers.Conv2D(2, 1)(x)))
    assert graph.group("conv").frozen is None


class Trainer(keras.Model):
    """A functional model with a method of its own."""

    def answer(self):
        return 42


def test_class_of_a_functional_model_stays():
    image = keras.Input((4,))
    model = Trainer(image, layers.Dense(2)(layers.Dense(6, name="hidden")(image)), name="mine")
    small = shrink(model, {"hidden": np.arange(6) > 1})
    assert small.answer() == 42
    assert small.name == "mine"


def test_open_image_size():
    image = keras.Input((None, None, 3))
    x = layers.MaxPooling2D()(layers.Conv2D(6, 3, name="conv")(image))
    model = keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(layers.UpSampling2D()(x))))
    small = shrink(model, {"conv": np.arange(6) < 2})
    assert small.get_layer("conv").filters == 2


def test_errors_of_keep():
    model = zoo.vgg()
    graph = ChannelGraph(model)
    first, last = graph.groups[0].name, graph.groups[-1].name
    for act in (shrink, mask):
        with pytest.raises(ModelError, match=f"no group 'none': expected one of {first}, "):
            act(model, {"none": np.ones(8, bool)})
        with pytest.raises(ModelError, match=r"expected bool \[8\], one for each item of the group, got bool \[7\]"):
            act(model, {first: np.ones(7, bool)})
        with pytest.raises(ModelError, match=r"expected bool \[8\].* got int64 \[3\]"):
            act(model, {first: [0, 1, 2]})
        with pytest.raises(ModelError, match="the group cannot be cut: model output"):
            act(model, {last: np.arange(4) > 1})
        with pytest.raises(ModelError, match="at least 1 of 8 items to stay, got 0"):
            act(model, {first: np.zeros(8, bool)})
        with pytest.raises(ModelError, match="expected the graph of model"):
            act(model, {}, ChannelGraph(zoo.vgg()))
    assert shrink(model, {last: np.ones(4, bool)}).count_params() == model.count_params()


def test_unknown_group_lists_names():
    graph = ChannelGraph(chain())
    with pytest.raises(ModelError, match="no group 'cnv': expected one of conv, top; did you mean 'conv'"):
        graph.group("cnv")


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3)

    def call(self, inputs):
        return self.dense(inputs)


def test_models_without_a_graph():
    model = Subclassed()
    with pytest.raises(ModelError, match="not built"):
        ChannelGraph(model)
    model(np.zeros((1, 4), np.float32))
    with pytest.raises(ModelError, match=r"subclassed Subclassed.*keras.Model"):
        ChannelGraph(model)
    with pytest.raises(ModelError, match="not built"):
        ChannelGraph(keras.Sequential([layers.Dense(3)]))
    with pytest.raises(ModelError, match=r"expected a .*keras model, got str"):
        ChannelGraph("model")


def test_subclassed_model_inside_is_opaque():
    x = keras.Input((4,))
    inner = Subclassed()
    h = layers.Dense(6, name="hidden")(layers.Dense(5, name="first")(x))
    graph = ChannelGraph(keras.Model(x, layers.Dense(2)(inner(h))))
    assert "Subclassed" in graph.group("hidden").frozen
    assert graph.group("first").frozen is None


def test_sequential_that_was_built_by_a_call():
    model = keras.Sequential([layers.Dense(6, name="first"), layers.Dense(2)])
    model(np.zeros((1, 4), np.float32))
    assert shrink(model, {"first": np.arange(6) > 2}).get_layer("first").units == 3


def test_summary_tells_all():
    text = ChannelGraph(zoo.unknown_layer()).summary()
    lines = text.splitlines()
    assert lines[0].split() == ["group", "items", "made", "by", "read", "by"]
    assert len(lines) == 5
    assert "Lambda 'backwards' cannot be seen through" in text
