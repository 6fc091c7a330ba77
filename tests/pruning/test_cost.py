"""Costs as functions of what is kept: equal to those of the model that is built, and of the program made of it."""

import math

import numpy as np
import pytest

import tfcaps
from tfcaps._keras import keras
from tfcaps.converters.c import build_program
from tfcaps.errors import TfcapsError
from tfcaps.pruning import METRICS, ChannelGraph, CostModel, shrink
from tfcaps.pruning.cost import boards
from tfcaps.pruning.cost.instructions import _read
from tfcaps.pruning.methods import remove_input_capsules
from tfcaps.runtime.tflite_file import read_tflite

layers = keras.layers


def chain():
    """Convolutions with everything that disappears in them, then dense layers."""
    x = h = keras.Input((12, 12, 1))
    h = layers.Conv2D(6, 3, padding="same", use_bias=False, name="conv1")(h)
    h = layers.ReLU(name="relu1")(layers.BatchNormalization(name="norm1")(h))
    h = layers.MaxPooling2D(name="pool")(h)
    h = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="conv2")(h)
    h = layers.Dropout(0.5, name="dropout")(layers.Flatten(name="flatten")(h))
    h = layers.Dense(7, activation="tanh", name="dense")(h)
    return keras.Model(x, layers.Dense(3, activation="softmax", name="classes")(h), name="chain")


def residual():
    """A residual block, a depthwise convolution, and a concatenation; what may be added needs the same channels."""
    x = h = keras.Input((12, 12, 2))
    h = layers.Conv2D(6, 3, padding="same", activation="relu", name="stem")(h)
    g = layers.Conv2D(5, 3, padding="same", activation="relu", name="inner")(h)
    g = layers.Conv2D(6, 3, padding="same", name="outer")(g)
    h = layers.ReLU(name="sum")(layers.Add(name="add")([g, layers.BatchNormalization(name="norm")(h)]))
    h = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(h)
    h = layers.Concatenate(name="join")([h, layers.AveragePooling2D(3, 1, padding="same", name="pool")(h)])
    h = layers.Conv2D(8, 1, activation="relu", name="pointwise")(h)
    h = layers.GlobalAveragePooling2D(name="average")(h)
    return keras.Model(x, layers.Dense(3, name="classes")(h), name="residual")


def nested():
    """A model in a model, called twice, whose parameters count once and whose work counts twice."""
    inner = keras.Sequential(
        [keras.Input((6, 6, 4)), layers.Conv2D(4, 3, padding="same", activation="relu", name="shared")], name="inner"
    )
    x = keras.Input((12, 12, 1))
    h = layers.Conv2D(4, 3, strides=2, padding="same", name="stem")(x)
    h = layers.Flatten(name="flatten")(inner(inner(h)))
    return keras.Model(x, layers.Dense(3, name="classes")(h), name="nested")


def capsules():
    return tfcaps.models.build("tiny", (20, 20, 1), 3)


def selected():
    """Without some of the input capsules."""
    model = capsules()
    count = model.get_layer("class_caps").input.shape[1]
    keep = np.random.default_rng(3).random(count) < 0.6
    small = remove_input_capsules(model, {"class_caps": keep})
    return keras.Model(small.inputs, small.outputs, name="selected")


MODELS = {model.__name__: model for model in (chain, residual, nested, capsules, selected)}


@pytest.fixture(scope="module", params=sorted(MODELS))
def case(request):
    """A model and its cost model."""
    keras.utils.set_random_seed(0)
    model = MODELS[request.param]()
    graph = ChannelGraph(model)
    return model, graph, CostModel(graph)


def some_of(graph, seed):
    """About half of the items of every group."""
    rng = np.random.default_rng(seed)
    keep = {}
    for group in graph.prunable:
        keep[group.name] = rng.random(group.size) < 0.5
        keep[group.name][: group.minimum] = True
    return keep


def program_of(model):
    """What the converter and `tfcaps compile` make of a model."""
    images = np.random.default_rng(0).random((4, *model.input_shape[1:]), np.float32)
    return build_program(read_tflite(tfcaps.converters.to_tflite(model, images)))


@pytest.mark.parametrize("seed", range(5))
def test_parameters_are_those_of_the_smaller_model(case, seed):
    model, graph, cost = case
    keep = some_of(graph, seed)
    small = shrink(model, keep, graph)
    found = cost(keep)
    assert found.parameters == small.count_params()
    assert sum(row.parameters for row in found.layers) == found.parameters
    own = CostModel(ChannelGraph(small)).dense
    for metric in METRICS:
        assert own.metric(metric) == found.metric(metric), metric


@pytest.mark.parametrize("whole", [True, False])
def test_work_and_memory_are_those_of_the_program(case, whole):
    model, graph, cost = case
    keep = {} if whole else some_of(graph, 7)
    program = program_of(shrink(model, keep, graph))
    found = cost(keep)
    assert found.macs == program.macs
    assert found.arena_bytes == program.arena_bytes
    assert sum(row.macs for row in found.layers) == found.macs


def test_macs_by_hand():
    graph = ChannelGraph(chain())
    cost = CostModel(graph)
    conv1, conv2, dense = 144 * 9 * 6, 9 * 9 * 6 * 8, 72 * 7
    assert cost.dense.macs == conv1 + conv2 + dense + 7 * 3
    assert cost.at_counts({"conv1": 3}).macs == 144 * 9 * 3 + 9 * 9 * 3 * 8 + dense + 21
    assert [(row.name, row.macs) for row in cost.dense.layers if row.macs][:2] == [("conv1", conv1), ("conv2", conv2)]


def test_a_shared_layer_works_twice():
    cost = CostModel(ChannelGraph(nested())).dense
    rows = {row.name: row for row in cost.layers}
    assert rows["inner/shared"].macs == 2 * 36 * 9 * 4 * 4
    assert rows["inner/shared"].parameters == 9 * 16 + 4


def test_capsules_by_hand():
    model = capsules()
    cost = CostModel(ChannelGraph(model))
    (row,) = (row for row in cost.at_counts({"primary": 2, "class_caps": 3}).layers if row.name == "class_caps")
    positions = model.get_layer("primary").output.shape[1] * model.get_layer("primary").output.shape[2]
    count = positions * 2  # input capsules of two types, dimension 4
    assert row.parameters == count * 4 * 3 * 3
    assert row.macs == count * 3 * 3 * (4 + 2 * 3 - 1)  # votes, three weighted sums, two agreements


def test_no_choice_of_so_many_items_costs_more(case):
    model, graph, cost = case
    counts = {group.name: max(group.minimum, group.size // 2) for group in graph.prunable}
    rng, found = np.random.default_rng(0), []
    for _ in range(20):
        shuffled = {name: rng.permutation(graph.group(name).size) < count for name, count in counts.items()}
        found.append([cost(shuffled).metric(metric) for metric in METRICS])
    most = [cost.at_counts(counts).metric(metric) for metric in METRICS]
    assert (np.max(found, axis=0) <= most).all()
    assert model.name == "selected" or (np.min(found, axis=0) == most).all()
    assert cost.at_counts({}).macs == cost({}).macs == cost.dense.macs


def test_nothing_costs_more_when_less_is_kept(case):
    _, graph, cost = case
    for group in graph.prunable:
        for metric in ("parameters", "macs", "activation_bytes"):
            values = [cost.at_counts({group.name: n}).metric(metric) for n in range(group.minimum, group.size + 1)]
            assert values == sorted(values)
            assert values[0] < values[-1]


def test_which_channels_stay_matters_behind_a_slice():
    """The two halves of a convolution go different ways."""
    x = keras.Input((8, 8, 1))
    h = layers.Conv2D(8, 3, padding="same", name="conv")(x)
    h = layers.Conv2D(5, 3, name="after")(h[..., :4])
    model = keras.Model(x, layers.Flatten(name="flatten")(h), name="sliced")
    graph = ChannelGraph(model)
    cost = CostModel(graph)
    for keep in ({group.name: np.arange(group.size) % 2 == parity for group in graph.prunable} for parity in (0, 1)):
        assert cost(keep).parameters == shrink(model, keep, graph).count_params()


def test_instructions_follow_the_table():
    found = CostModel(ChannelGraph(capsules())).dense
    (length,) = (op for op in found.operators if op.op == "TfcapsLength")
    for board in boards():
        line = _read()[board]["TfcapsLength"]
        count, dim = length.inputs[0]
        assert found.layer_instructions(board)["lengths"] == round(
            line["mac"] * count * dim + line["output"] * count + line["call"]
        )
        assert found.instructions(board) == pytest.approx(sum(found.layer_instructions(board).values()), abs=10)
        assert found.instructions(board) > found.macs / 32  # bytes of the longest vectors


def test_every_kind_of_operator_has_a_line_for_every_board(case):
    _, _, cost = case
    for board in boards():
        assert math.isfinite(cost.dense.instructions(board))
        assert cost.dense.instructions(board) > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda cost: cost({"conv9": np.ones(6, bool)}), "has no group 'conv9'"),
        (lambda cost: cost({"conv1": np.ones(5, bool)}), r"6 booleans for group 'conv1', got shape \(5,\)"),
        (lambda cost: cost.at_counts({"conv1": 7}), "0 to 6 items of group 'conv1', got 7"),
        (lambda cost: cost.at_counts({"conv9": 1}), "has no group 'conv9'"),
        (lambda cost: cost.dense.metric("joules"), "one of parameters, macs"),
        (lambda cost: cost.dense.instructions("z80"), "one of the boards cortex-m0"),
    ],
)
def test_bad_questions(call, message):
    cost = CostModel(ChannelGraph(chain()))
    with pytest.raises(TfcapsError, match=message):
        call(cost)
