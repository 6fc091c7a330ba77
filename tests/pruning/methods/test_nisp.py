"""NISP: scores by hand, against dense matrices, against the geometric series, and on planted neurons."""

import numpy as np
import pytest
import tensorflow as tf
from problems import accuracy, make_problem, residual, trained, vgg

from tfcaps import layers
from tfcaps._keras import keras
from tfcaps.errors import ModelError, TfcapsError
from tfcaps.pruning import allocate, methods
from tfcaps.pruning.methods.evaluate_nodes import evaluate
from tfcaps.pruning.methods.nisp import affinities, find_response, infinite_feature_selection, propagate
from tfcaps.pruning.methods.propagate import Bound
from tfcaps.pruning.shrink import shrink

K = keras.layers


def problem_of(model, **options):
    return make_problem(model, {"parameters": 0.9}, loss="mse", **options)


def test_two_linear_layers_by_hand():
    x = keras.Input((4,))
    h = K.Dense(5, name="first")(x)
    r = K.Dense(3, name="second")(h)
    model = keras.Model(x, K.Dense(2, name="classes")(r))
    s = np.array([1.0, 0.5, 2.0])
    scores = propagate(problem_of(model), s)
    w2 = np.abs(np.asarray(model.get_layer("second").kernel))
    np.testing.assert_allclose(scores["second"], s, rtol=1e-6)
    np.testing.assert_allclose(scores["first"], w2 @ s, rtol=1e-5)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", [1, 2])
def test_convolutions_equal_their_dense_matrices(strides, padding):
    rng = np.random.default_rng(0)
    image = keras.Input((7, 6, 2))
    h = K.Conv2D(3, 3, 1, "same", activation="relu", name="first")(image)
    r = K.Conv2D(4, 3, strides, padding, name="second")(h)
    model = keras.Model(image, K.Dense(2, name="classes")(K.Flatten()(r)))
    conv = model.get_layer("second")
    size = int(np.prod(r.shape[1:]))
    s = rng.random(size)
    # The matrix of the convolution, from the images of all unit vectors; no bias.
    units = np.eye(7 * 6 * 3, dtype=np.float32).reshape(-1, 7, 6, 3)
    matrix = tf.nn.conv2d(units, np.asarray(conv.kernel), strides, padding.upper()).numpy().reshape(-1, size)
    expected = (np.abs(matrix) @ s).reshape(-1, 3).sum(axis=0)
    np.testing.assert_allclose(propagate(problem_of(model), s)["first"], expected, rtol=1e-5)


@pytest.mark.parametrize("kind", ["max", "average"])
@pytest.mark.parametrize(
    ("size", "strides", "padding"), [(2, 2, "valid"), (3, 2, "same"), (3, 1, "same"), (2, 3, "valid")]
)
def test_every_value_in_a_window_gets_the_score_of_its_result(kind, size, strides, padding):
    layer = (K.MaxPooling2D if kind == "max" else K.AveragePooling2D)(size, strides, padding)
    x = tf.Variable(np.random.default_rng(0).random((1, 6, 5, 2), dtype=np.float32))
    with tf.GradientTape() as tape:
        out = Bound()(layer)(x)
    assert out.shape == layer(x).shape
    s = np.random.default_rng(1).random(out.shape, dtype=np.float32)
    found = tape.gradient(out, x, tf.constant(s)).numpy()
    expected = np.zeros((1, 6, 5, 2))
    pads = [
        max(0, (n_out - 1) * strides + size - n) // 2 * (padding == "same")
        for n_out, n in zip(out.shape[1:3], (6, 5), strict=True)
    ]
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            top, left = i * strides - pads[0], j * strides - pads[1]
            expected[0, max(0, top) : top + size, max(0, left) : left + size] += s[0, i, j]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_normalisation_counts_with_its_factor():
    x = keras.Input((4,))
    h = K.Dense(3, name="first")(x)
    r = K.Dense(2, use_bias=False, name="second")(h)
    norm = K.BatchNormalization(name="norm")
    model = keras.Model(x, K.Dense(2, name="classes")(K.ReLU()(norm(r))))
    norm.set_weights([np.array(v, np.float32) for v in ([2.0, -3.0], [5.0, 5.0], [1.0, 1.0], [4.0, 0.25])])
    s = np.array([1.0, 1.0])
    w2 = np.abs(np.asarray(model.get_layer("second").kernel))
    factor = np.array([2.0, 3.0]) / np.sqrt(np.array([4.0, 0.25]) + norm.epsilon)
    np.testing.assert_allclose(propagate(problem_of(model), s)["first"], w2 @ (factor * s), rtol=1e-5)


def test_branches_add_up_and_concatenations_split():
    x = keras.Input((4,))
    h = K.Dense(3, use_bias=False, name="stem")(x)
    a = K.Dense(3, use_bias=False, name="a")(h)
    both = K.Add()([h, a])
    c = K.Dense(2, use_bias=False, name="c")(both)
    joined = K.Concatenate()([c, both])
    model = keras.Model(x, K.Dense(2, name="classes")(joined))
    s = np.arange(1.0, 6.0)
    scores = propagate(problem_of(model), s)
    wa, wc = (np.abs(np.asarray(model.get_layer(n).kernel, np.float64)) for n in "ac")
    np.testing.assert_allclose(scores["c"], s[:2], rtol=1e-6)
    # The stream is read by "a", by "c" and by the classifier, and each counts once.
    at_sum = wc @ s[:2] + s[2:]
    np.testing.assert_allclose(scores["stem"], wa @ at_sum + wc @ s[:2] + s[2:], rtol=1e-5)


def test_capsules_pass_importance_on():
    x = keras.Input((5, 5, 1))
    u = layers.primary_capsules(K.Conv2D(3, 3, name="conv")(x), types=2, dim=2, kernel_size=3)
    v = layers.CapsuleDense(3, 4, name="class_caps")(u)
    model = keras.Model(x, layers.CapsuleLength()(v))
    s = np.random.default_rng(0).random(12)
    scores = propagate(problem_of(model), s)
    rows = np.abs(np.asarray(model.get_layer("class_caps").kernel, np.float64)) @ s  # [I*K]
    np.testing.assert_allclose(scores["primary"], rows.reshape(2, 2).sum(axis=1), rtol=1e-5)
    kernel = np.abs(np.asarray(model.get_layer("primary").kernel, np.float64))  # [3, 3, 3, T*dim]
    np.testing.assert_allclose(scores["conv"], (kernel @ rows).sum(axis=(0, 1)), rtol=1e-5)


def test_infinite_feature_selection_equals_the_series():
    activations = np.random.default_rng(0).normal(size=(50, 12)) * np.linspace(0.1, 2, 12)
    activations[:, 3] = activations[:, 4] + 0.01 * activations[:, 3]
    affinity = affinities(activations, 0.5)
    step = 0.9 / np.abs(np.linalg.eigvalsh(affinity)).max() * affinity
    total, term = np.zeros(12), np.ones(12)
    for _ in range(200):
        term = step @ term
        total += term
    np.testing.assert_allclose(infinite_feature_selection(activations), total, atol=1e-6 * total.max())
    assert (infinite_feature_selection(activations) >= 0).all()


def test_affinities_by_hand():
    activations = np.array([[0.0, 1.0, 5.0], [1.0, 8.0, 5.0], [2.0, 9.0, 5.0], [3.0, 4.0, 5.0]])
    deviations = activations.std(axis=0)
    ranks = 1 - 6 * ((1 - 1) ** 2 + (2 - 3) ** 2 + (3 - 4) ** 2 + (4 - 2) ** 2) / (4 * 15)  # Spearman without ties
    found = affinities(activations, 0.25)
    assert found[0, 1] == pytest.approx(0.25 * 1.0 + 0.75 * (1 - ranks))
    assert found[0, 2] == pytest.approx(
        0.25 * deviations[0] / deviations[1] + 0.75
    )  # a constant correlates with nothing
    np.testing.assert_allclose(found, found.T)


def test_features_without_spread_or_images():
    np.testing.assert_array_equal(infinite_feature_selection(np.ones((3, 2)), alpha=1.0), 0.0)
    with pytest.raises(TfcapsError, match="at least two images"):
        infinite_feature_selection(np.ones((1, 2)))


def test_a_neuron_without_a_way_out_scores_zero_however_large_its_weights():
    model = trained(vgg)
    conv2, conv3 = model.get_layer("conv2"), model.get_layer("conv3")
    kernel, readers = conv2.get_weights()[0], conv3.get_weights()[0]
    kernel[..., 5] *= 1000.0
    readers[:, :, 5, :] = 0.0
    conv2.set_weights([kernel])
    conv3.set_weights([readers])
    problem = make_problem(model)
    keep = methods.get("nisp").select(problem)
    assert problem.notes["scores"]["conv2"][5] == 0.0
    assert (np.delete(problem.notes["scores"]["conv2"], 5) > 0.0).all()
    assert not keep["conv2"][5]
    assert methods.get("l1").select(make_problem(model))["conv2"][5]


def test_the_lowest_scores_go():
    problem = make_problem(trained(vgg))
    keep = methods.get("nisp").select(problem)
    for name, items in keep.items():
        order = np.argsort(problem.notes["scores"][name])
        np.testing.assert_array_equal(np.sort(order[: (~items).sum()]), np.flatnonzero(~items))


def test_nisp_beats_random_before_fine_tuning():
    wins = 0
    for seed in range(5):
        found = []
        for name in ("nisp", "random"):
            problem = make_problem(trained(vgg, 3, seed), seed=seed)
            scores = methods.get(name).scores(problem)
            keep = allocate.cut(scores, dict.fromkeys(scores, 0.5))
            found.append(accuracy(shrink(problem.model, keep, problem.graph)))
        wins += found[0] > found[1]
    assert wins >= 4


def test_the_response_is_what_the_classifier_reads_or_named():
    records = evaluate(residual(), tf.ones((1, 8, 8, 1)))
    number, side = find_response(records, None)
    assert (records[number].layer.name, side) == ("classes", "inputs")
    number, side = find_response(records, "pool")
    assert (records[number].layer.name, side) == ("pool", "outputs")
    with pytest.raises(ModelError, match="name of a layer"):
        find_response(records, "pol")
    with pytest.raises(ModelError, match="no dense layer"):
        find_response([], None)


@keras.saving.register_keras_serializable("tests")
class Scale(K.Layer):
    def build(self, shape):
        self.factor = self.add_weight(name="factor", shape=(int(shape[-1]),), initializer="ones")

    def call(self, x):
        return x * self.factor


def test_a_layer_nobody_knows():
    x = keras.Input((4,))
    model = keras.Model(x, K.Dense(2)(Scale(name="mystery")(K.Dense(3)(x))))
    with pytest.raises(ModelError, match=r"through layer 'mystery' \(Scale\)"):
        evaluate(model, tf.ones((1, 4)), Bound())
