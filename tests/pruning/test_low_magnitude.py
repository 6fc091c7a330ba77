import numpy as np
import pytest

from tfcaps import pruning
from tfcaps._keras import LEGACY, keras
from tfcaps.errors import ModelError, TfcapsError
from tfcaps.layers import CapsuleDense, CapsuleLength, primary_capsules

pytestmark = pytest.mark.skipif(not LEGACY, reason="tfmot needs tf_keras")

STEPS = 8


def build(image=10):
    x = keras.Input((image, image, 1), name="image")
    h = keras.layers.Conv2D(8, 3, use_bias=False, name="conv")(x)
    h = keras.layers.ReLU()(keras.layers.BatchNormalization(name="norm")(h))
    v = CapsuleDense(3, 5, name="caps")(primary_capsules(h, types=2, dim=4, kernel_size=3, strides=2))
    return keras.Model(x, CapsuleLength(name="length")(v), name="net")


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return rng.random((64, 10, 10, 1), dtype=np.float32), np.eye(3, dtype=np.float32)[rng.integers(0, 3, 64)]


def train(pruned, data, **options):
    pruned.compile("adam", "mse")
    options = {"batch_size": 16, "epochs": 2, "verbose": 0, "callbacks": pruning.callbacks()} | options
    return pruned.fit(*data, **options)


@pytest.fixture(scope="module")
def trained(data):
    """A model with whole transformations pruned, on the way: (original, its weights before, under pruning)."""
    model = build()
    before = model.get_weights()
    pruned = pruning.prune_low_magnitude(model, pruning.polynomial_decay(STEPS), block="transformation")
    train(pruned, data)
    return model, before, pruned


def test_half_of_every_kernel_is_zero_and_nothing_else_is(trained):
    report = pruning.sparsity_report(pruning.strip_pruning(trained[2]))
    assert [layer.name for layer in report.layers] == ["conv", "norm", "primary", "caps"]
    for name in ("conv", "primary", "caps"):
        assert report[name].sparsity == pytest.approx(0.5, abs=0.02)
    assert report["norm"].weights == 0
    assert report.parameters == report.weights + 2 * 8 + 8  # batch normalisation and the bias of "primary"
    assert report.sparsity == pytest.approx(0.5, abs=0.02)


def test_a_block_is_one_transformation_matrix(trained):
    layer = pruning.strip_pruning(trained[2]).get_layer("caps")
    kernel = layer.kernel.numpy().reshape(-1, 4, 3, 5).transpose(0, 2, 1, 3).reshape(-1, 20)
    zeros = (kernel == 0).sum(axis=1)
    assert set(zeros) == {0, 20}


def test_the_given_model_stays_as_it_was(trained, data):
    model, before, _ = trained
    assert [type(layer).__name__ for layer in model.layers].count("PruneLowMagnitude") == 0
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.get_layer("caps").output.shape[1:] == (3, 5)  # still one inbound node
    assert pruning.sparsity_report(model).sparsity == 0.0
    model.predict(data[0], verbose=0)


def test_pruning_begins_with_the_weights_of_the_given_model(data):
    model = build()
    pruned = pruning.prune_low_magnitude(model, sparsity=0.3)
    np.testing.assert_allclose(pruned(data[0]), model(data[0]), atol=1e-6)


def test_stripping_changes_no_output_and_gives_a_model_that_trains_on_its_own(trained, data):
    stripped = pruning.strip_pruning(trained[2])
    np.testing.assert_array_equal(stripped.predict(data[0], verbose=0), trained[2].predict(data[0], verbose=0))
    assert [layer.name for layer in stripped.layers] == [layer.name for layer in trained[0].layers]
    stripped.compile("sgd", "mse")
    stripped.fit(*data, verbose=0)


def test_a_step_after_the_last_mask_is_stripped_too(data):
    pruned = pruning.prune_low_magnitude(build(), sparsity=0.5)
    train(pruned, data)
    pruned.train_on_batch(*data)  # the optimiser moves the zeros, and no callback puts them back
    assert pruning.sparsity_report(pruned)["caps"].sparsity < 0.1
    assert pruning.sparsity_report(pruning.strip_pruning(pruned))["caps"].sparsity == pytest.approx(0.5, abs=0.01)


def test_two_of_any_four_along_the_input(data):
    pruned = pruning.prune_low_magnitude(build(), block="2:4")
    train(pruned, data, epochs=1)
    stripped = pruning.strip_pruning(pruned)
    kernel = stripped.get_layer("caps").kernel.numpy()
    np.testing.assert_array_equal((kernel.reshape(-1, 4, 15) == 0).sum(axis=1), 2)
    conv = stripped.get_layer("primary").kernel.numpy()  # [3, 3, 8, 8]
    np.testing.assert_array_equal((conv.reshape(3, 3, 2, 4, 8) == 0).sum(axis=3), 2)


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_a_model_under_pruning_is_saved_and_trains_on(trained, data, tmp_path, suffix):
    path = tmp_path / f"pruned.{suffix}"
    trained[2].save(path)
    again = keras.models.load_model(path)
    np.testing.assert_array_equal(again.predict(data[0], verbose=0), trained[2].predict(data[0], verbose=0))
    with pytest.raises(ModelError, match="callbacks"):
        again.fit(*data, verbose=0)
    train(again, data, epochs=1)
    assert pruning.sparsity_report(pruning.strip_pruning(again))["caps"].sparsity == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_a_stripped_model_is_an_ordinary_file(trained, data, tmp_path, suffix):
    stripped = pruning.strip_pruning(trained[2])
    stripped.save(tmp_path / f"sparse.{suffix}")
    again = keras.models.load_model(tmp_path / f"sparse.{suffix}")
    np.testing.assert_array_equal(again.predict(data[0], verbose=0), stripped.predict(data[0], verbose=0))


def test_the_pattern_2_of_4_survives_a_file(data, tmp_path):
    pruned = pruning.prune_low_magnitude(build(), block="2:4")
    pruned.save(tmp_path / "pruned.keras")
    again = keras.models.load_model(tmp_path / "pruned.keras")
    train(again, data, epochs=1)
    kernel = pruning.strip_pruning(again).get_layer("caps").kernel.numpy()
    np.testing.assert_array_equal((kernel.reshape(-1, 4, 15) == 0).sum(axis=1), 2)


def test_sequential_and_nested_models(data):
    inner = build()
    outer = keras.Sequential([keras.Input((10, 10, 1)), inner, keras.layers.Dense(3, name="head")])
    pruned = pruning.prune_low_magnitude(outer, sparsity=0.5)
    train(pruned, data, epochs=1)
    report = pruning.sparsity_report(pruning.strip_pruning(pruned))
    assert report["caps"].sparsity == pytest.approx(0.5, abs=0.02)
    assert report["head"].nonzeros in (4, 5)
    assert pruning.sparsity_report(inner).sparsity == 0.0


def test_only_the_named_layers(data):
    pruned = pruning.prune_low_magnitude(build(), sparsity=0.5, layers=["caps"])
    train(pruned, data, epochs=1)
    report = pruning.sparsity_report(pruning.strip_pruning(pruned))
    assert report["caps"].sparsity == pytest.approx(0.5, abs=0.02)
    assert report["conv"].sparsity == report["primary"].sparsity == 0.0


def test_without_the_callback_training_does_not_begin(data):
    pruned = pruning.prune_low_magnitude(build(), sparsity=0.5)
    pruned.compile("adam", "mse")
    for callbacks in (None, [], [keras.callbacks.TerminateOnNaN()], keras.callbacks.TerminateOnNaN()):
        with pytest.raises(ModelError, match=r"tfcaps\.pruning\.callbacks"):
            pruned.fit(*data, verbose=0, callbacks=callbacks)


def test_a_run_too_short_for_the_schedule_does_not_begin(data):
    pruned = pruning.prune_low_magnitude(build(), pruning.polynomial_decay(1000))
    before = pruned.get_weights()
    with pytest.raises(ModelError, match="Nothing would be pruned"):
        train(pruned, data)
    with pytest.raises(ModelError, match="would not be reached"):
        train(pruned, data, epochs=20)
    for old, new in zip(before[:3], pruned.get_weights()[:3], strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_data_set_of_unknown_length_is_checked_after_an_epoch(data):
    pruned = pruning.prune_low_magnitude(build(), pruning.polynomial_decay(1000))
    pruned.compile("adam", "mse")

    def batches():
        yield from [data, data]

    with pytest.raises(ModelError, match="Nothing would be pruned"):
        pruned.fit(batches(), epochs=1, verbose=0, callbacks=pruning.callbacks())


def test_a_run_over_several_calls_of_fit(data):
    pruned = pruning.prune_low_magnitude(build(), pruning.polynomial_decay(STEPS))
    for _ in range(2):
        train(pruned, data, epochs=1, callbacks=pruning.callbacks(steps=STEPS))
    assert pruning.sparsity_report(pruning.strip_pruning(pruned))["caps"].sparsity == pytest.approx(0.5, abs=0.02)


class Mystery(keras.layers.Dense):
    pass


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


def test_models_that_cannot_be_pruned():
    x = keras.Input((4,))
    unknown = keras.Model(x, Mystery(2, name="what")(x))
    with pytest.raises(ModelError, match=r"what \(Mystery\)"):
        pruning.prune_low_magnitude(unknown)
    weightless = keras.Model(x, keras.layers.ReLU()(x))
    with pytest.raises(ModelError, match="no layer that can be pruned"):
        pruning.prune_low_magnitude(weightless)
    subclassed = Subclassed()
    subclassed(np.zeros((1, 2), np.float32))
    with pytest.raises(ModelError, match="subclassed"):
        pruning.prune_low_magnitude(subclassed)
    with pytest.raises(ModelError, match="not built"):
        pruning.prune_low_magnitude(keras.Sequential([keras.layers.Dense(2)]))
    with pytest.raises(ModelError, match="expected a tf_keras model"):
        pruning.prune_low_magnitude("model.keras")
    with pytest.raises(ModelError, match="nothing to strip"):
        pruning.strip_pruning(build())
    with pytest.raises(ModelError, match="already"):
        pruning.prune_low_magnitude(pruning.prune_low_magnitude(build()))


def test_options_that_cannot_be():
    model = build()
    schedule = pruning.constant(0.5)
    with pytest.raises(TfcapsError, match="block"):
        pruning.prune_low_magnitude(model, block="matrix")
    with pytest.raises(TfcapsError, match="both"):
        pruning.prune_low_magnitude(model, schedule, sparsity=0.5)
    with pytest.raises(TfcapsError, match="2:4"):
        pruning.prune_low_magnitude(model, schedule, block="2:4")
    with pytest.raises(ModelError, match="named nothing"):
        pruning.prune_low_magnitude(model, layers=["nothing"])
    with pytest.raises(TfcapsError, match="sparsity"):
        pruning.prune_low_magnitude(model, sparsity=1.0)
    x = keras.Input((4, 3))
    one_dimensional = keras.Model(x, keras.layers.Conv1D(2, 2, name="conv1d")(x))
    with pytest.raises(ModelError, match=r"rank 3"):
        pruning.prune_low_magnitude(one_dimensional, block="2:4")
    single = keras.Model(x, CapsuleDense(1, 2, name="one")(x))
    with pytest.raises(ModelError, match="'one'"):
        pruning.prune_low_magnitude(single, block="transformation")
