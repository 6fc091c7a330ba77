"""prune(): every method's smaller model meets the target, trains on and goes all the way; and what it refuses."""

import json

import numpy as np
import pytest

import tfcaps
from tfcaps._keras import LEGACY, keras
from tfcaps.errors import DataError, ModelError, TfcapsError
from tfcaps.pruning import METHODS, METRICS, ChannelGraph, CostModel, FineTuning, Target, prune, shrink
from tfcaps.runtime import Interpreter

layers = keras.layers


@pytest.fixture(scope="module")
def data():
    """16x16 images in which a bright quarter says the class, 0 to 3."""
    rng = np.random.default_rng(0)
    y = np.arange(160) % 4
    x = rng.uniform(0, 0.3, (160, 16, 16, 1)).astype(np.float32)
    for image, label in zip(x, y, strict=True):
        image[8 * (label // 2) :, 8 * (label % 2) :][:8, :8] += 0.6
    return tfcaps.datasets.Dataset(x[:120], y[:120], x[120:], y[120:], "quarters", 4)


@pytest.fixture(scope="module")
def model(data):
    """A trained capsule network with batch normalisation, so that every method finds what it looks at."""
    keras.utils.set_random_seed(0)
    x = h = keras.Input((16, 16, 1))
    h = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="conv1")(h)
    h = layers.ReLU(name="relu1")(layers.BatchNormalization(momentum=0.8, name="norm1")(h))
    h = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2")(h)
    u = tfcaps.layers.primary_capsules(h, types=4, dim=4, kernel_size=4, strides=2)
    v = tfcaps.layers.CapsuleDense(4, 4, name="class_caps")(u)
    net = keras.Model(x, tfcaps.layers.CapsuleLength(name="lengths")(v), name="net")
    net.compile(keras.optimizers.Adam(5e-3), tfcaps.losses.MarginLoss())
    net.fit(data.x_train, data.y_train, epochs=6, batch_size=20, verbose=0)
    return net


TUNING = {"epochs": 2, "batch_size": 20, "learning_rate": 3e-3}
# Enough to see that they work; how well is measured by benchmarks/pruning.py.
SHORT = {"eagleeye": {"candidates": 5, "batches": 2, "samples": 40}, "sbpf": {"repeats": 1, "samples": 40}}


@pytest.mark.parametrize("method", list(METHODS))
def test_every_method_gives_a_smaller_model_that_goes_all_the_way(method, model, data):
    weights = model.get_weights()
    metric = {"parameters": 0.6} if method == "capsules" else {"macs": 0.5}
    result = prune(model, method, target=metric, data=data, fine_tune=TUNING, **SHORT.get(method, {}))
    (name,) = metric
    report = result.report
    assert report.totals[name].after <= metric[name] * report.totals[name].before
    assert report.totals["parameters"].after == result.model.count_params() < model.count_params()
    assert report.method == method
    assert report.accuracy.before > 0.9
    assert report.accuracy.fine_tuned > 0.6
    if not METHODS[method].from_scratch:
        small = shrink(model, result.keep)
        assert [w.shape for w in small.get_weights()] == [w.shape for w in result.model.get_weights()]
    assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights(), strict=True))

    last = result.model
    if LEGACY:
        last = tfcaps.quantization.quantize_model(last)
        last.compile(keras.optimizers.Adam(1e-4), tfcaps.losses.MarginLoss())
        last.fit(data.x_train[:60], data.y_train[:60], batch_size=20, verbose=0)
        file = tfcaps.converters.to_tflite(last)
    else:
        file = tfcaps.converters.to_tflite(last, data.x_train[:40])
    answers = [Interpreter(file, backend=backend)(data.x_test[:8]) for backend in ("litert", "tflm")]
    np.testing.assert_array_equal(*answers)
    floats = last.predict(data.x_test[:8], verbose=0)
    assert np.abs(answers[0] - floats).mean() < 0.05


@pytest.mark.parametrize("metric", METRICS)
def test_a_target_in_every_metric(metric, model):
    result = prune(model, "l1", target={metric: 0.6})
    change = result.report.totals[metric]
    assert change.after <= 0.6 * change.before
    assert change.after == CostModel(ChannelGraph(result.model)).dense.metric(metric)
    whole = ChannelGraph(model)
    assert any(mask.sum() < whole.group(name).size for name, mask in result.keep.items())


def test_absolute_targets(model):
    dense = CostModel(ChannelGraph(model)).dense
    assert Target.read({"macs": 50_000}, dense).limit == 50_000
    assert Target.read({"macs": 1.0}, dense).limit == dense.macs
    assert Target.read({"macs": 1}, dense).limit == 1
    target = Target.read({"instructions": 0.5, "board": "rv32imac"}, dense)
    assert (target.board, target.whole) == ("rv32imac", dense.instructions("rv32imac"))
    assert target.part(0.5).limit == pytest.approx(0.75 * target.whole)
    assert prune(model, "l1", target={"parameters": 2000}).model.count_params() <= 2000


def test_steps_go_by_turns(model, data):
    seen = []
    tuning = FineTuning(1, 20, 1e-3)
    result = prune(
        model, "l2", target={"macs": 0.4}, data=data, fine_tune=tuning, steps=3, schedule="linear",
        progress=lambda what, done, total: seen.append(what),
    )  # fmt: skip
    assert list(dict.fromkeys(seen)) == [f"fine-tuning, step {n} of 3" for n in (1, 2, 3)]
    assert result.report.totals["macs"].ratio <= 0.4
    small = shrink(model, result.keep)
    assert [w.shape for w in small.get_weights()] == [w.shape for w in result.model.get_weights()]


@pytest.mark.skipif(not LEGACY, reason="tfmot knows tf_keras only")
def test_a_schedule_of_tfmot(model):
    import tensorflow_model_optimization as tfmot

    schedule = tfmot.sparsity.keras.PolynomialDecay(0.0, 0.8, begin_step=0, end_step=100, power=1)
    result = prune(model, "l1", target={"macs": 0.5}, steps=2, schedule=schedule)
    assert result.report.totals["macs"].ratio <= 0.5


def test_only_the_groups_that_are_asked_for(model):
    result = prune(model, "l1", target={"macs": 0.8}, groups=["conv2"])
    cut = {group.name for group in result.report.groups if group.items.after < group.items.before}
    assert cut == {"conv2"}
    frozen = {group.name: group.frozen for group in result.report.groups}
    assert frozen["conv1"] == "it was not asked for"


def test_the_same_seed_gives_the_same_model(model, data):
    runs = [prune(model, "random", target={"macs": 0.5}, seed=seed).keep for seed in (1, 1, 2)]
    assert all(np.array_equal(runs[0][name], runs[1][name]) for name in runs[0])
    assert any(not np.array_equal(runs[0][name], runs[2][name]) for name in runs[0])


def test_report(model, data, tmp_path, capsys):
    result = prune(model, "l1", target={"macs": 0.5}, data=(data.x_train, data.y_train),
                   validation=(data.x_test, data.y_test), fine_tune=TUNING)  # fmt: skip
    report = result.report
    report.show()
    printed = capsys.readouterr().out
    for name in ("conv1", "class_caps", "arena, bytes", "accuracy, fine-tuned"):
        assert name in printed
    report.draw(tmp_path / "report.png")
    assert (tmp_path / "report.png").stat().st_size > 10_000
    found = json.loads(report.to_json(tmp_path / "report.json"))
    assert found == json.loads((tmp_path / "report.json").read_text())
    rows = {row["name"]: row for row in found["layers"]}
    assert rows["conv2"]["channels"]["before"] == 8
    assert sum(row["macs"]["after"] for row in found["layers"]) == found["totals"]["macs"]["after"]
    assert sum(row["parameters"]["after"] for row in found["layers"]) == result.model.count_params()
    assert found["accuracy"]["before"] is not None


def head_only():
    x = keras.Input((4,))
    return keras.Model(x, layers.Dense(3, name="classes")(x), name="head_only")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"target": {"macs": 0.001}}, ModelError, "the target of .* cannot be met: .* still has"),
        ({"target": {"macs": 0.5, "parameters": 0.5}}, TfcapsError, "one of parameters, .* got macs, parameters"),
        ({"target": {"flops": 0.5}}, TfcapsError, "one of parameters, .* got flops"),
        ({"target": {"macs": -1}}, TfcapsError, "positive number, got -1"),
        ({"target": {"macs": "half"}}, TfcapsError, "positive number, got 'half'"),
        ({"target": 0.5}, TfcapsError, "a dict such as"),
        ({"target": {"macs": 0.5, "board": "cortex-m4"}}, TfcapsError, "beside a target in instructions only"),
        ({"target": {"instructions": 0.5, "board": "z80"}}, TfcapsError, "one of the boards"),
        ({"method": "l3"}, TfcapsError, "unknown pruning method 'l3'"),
        ({"method": "l1", "samples": 3}, TfcapsError, "'l1' has no option 'samples'"),
        ({"groups": ["conv9"]}, ModelError, "no group 'conv9'"),
        ({"groups": []}, ModelError, "name at least one group"),
        ({"groups": "conv2"}, ModelError, "a list of names, got 'conv2'"),
        ({"groups": [3]}, ModelError, r"a list of names, got \[3\]"),
        ({"seed": "x"}, TfcapsError, "seed to be an integer .* got 'x'"),
        ({"seed": -1}, TfcapsError, "seed to be an integer .* got -1"),
        ({"target": {"macs": float("inf")}}, TfcapsError, "positive number, got inf"),
        ({"steps": 0}, TfcapsError, "steps to be an integer of at least 1"),
        ({"schedule": "sudden"}, TfcapsError, "cubic, linear, geometric"),
        ({"fine_tune": 1}, TfcapsError, "fine_tune needs training images"),
        ({"method": "taylor"}, TfcapsError, "'taylor' needs training images"),
        ({"fine_tune": "long"}, TfcapsError, "a number of epochs or a dict"),
        ({"fine_tune": {"rate": 1}}, TfcapsError, "no option 'rate'"),
        ({"fine_tune": {"learning_rate": 0.0}}, TfcapsError, "learning_rate to be a positive number"),
    ],
)
def test_bad_options(options, error, message, model):
    given = {"method": "l1", "target": {"macs": 0.5}, **options}
    with pytest.raises(error, match=message):
        prune(model, **given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda x, y: x, "images and labels"),
        (lambda x, y: (x[:, :8], y), r"inputs of shape \(16, 16, 1\), got \(8, 16, 1\)"),
        (lambda x, y: (x[:10], y), "as many labels as images"),
        (lambda x, y: (x[:0], y[:0]), "holds no images"),
        (lambda x, y: (x, y + 2), "4 classes apart, and the labels go from 2 to 5"),
        (lambda x, y: (x * np.nan, y), "not finite"),
        (lambda x, y: ([x, x], y), "expected 1 arrays of images, got 2"),
        (lambda x, y: (np.array([None] * len(y)), y), "arrays of numbers"),
        (lambda x, y: (x, np.array(["a"] * len(y))), r"labels of .* arrays of numbers, got ndarray: \[120\] of <U1"),
        (lambda x, y: (x, np.where(y == 1, np.nan, y)), "labels hold values that are not finite"),
        (lambda x, y: ([], []), "holds no images"),
    ],
)
@pytest.mark.parametrize("argument", ["data", "validation"])
def test_wrong_data(given, message, argument, model, data):
    with pytest.raises(DataError, match=message):
        prune(model, "l1", target={"macs": 0.5}, **{argument: given(data.x_train, data.y_train)})


@pytest.mark.parametrize(
    ("labels", "loss", "message"),
    [
        (lambda y: np.eye(5)[y], None, r"labels \[2, 5\] do not fit the loss"),
        (lambda y: y, "nonsense", r"labels \[2\] do not fit the loss 'nonsense'"),
        (lambda y: y, 7, "do not fit the loss 7"),
    ],
)
def test_labels_that_the_loss_does_not_take(labels, loss, message, model, data):
    given = {"data": (data.x_train, labels(data.y_train)), "loss": loss}
    for options in ({"method": "l1", "fine_tune": 1}, {"method": "taylor"}):
        with pytest.raises(DataError, match=message) as caught:
            prune(model, **options, target={"macs": 0.5}, **given)
        assert "\n" not in str(caught.value)


def test_models_that_cannot_be_pruned(data):
    with pytest.raises(ModelError, match="no group of channels that can be cut: model output"):
        prune(head_only(), "l1", target={"macs": 0.5})
    x = keras.Input((16, 16, 1))
    h = layers.Flatten(name="flatten")(layers.Conv2D(4, 3, name="conv")(x))
    model = keras.Model(x, layers.Dense(4, name="classes")(h), name="plain")
    with pytest.raises(ModelError, match="'classes' of model 'plain' cannot be cut: model output"):
        prune(model, "l1", target={"macs": 0.5}, groups=["classes"])
    with pytest.raises(ModelError, match="has no loss to train for"):
        prune(model, "l1", target={"macs": 0.5}, data=data, fine_tune=1)
    with pytest.raises(ModelError, match="expected a"):
        prune("model.keras", "l1", target={"macs": 0.5})
