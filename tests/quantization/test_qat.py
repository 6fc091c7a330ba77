import numpy as np
import pytest

from tfcaps import quantization
from tfcaps._keras import LEGACY, keras
from tfcaps.errors import DataError, FileFormatError, ModelError
from tfcaps.layers import CapsuleDense, CapsuleLength, CapsuleMask, CapsuleSelect, Squash, decoder, primary_capsules

pytestmark = pytest.mark.skipif(not LEGACY, reason="tfmot needs tf_keras")


def build(seed=0):
    keras.utils.set_random_seed(seed)
    x = keras.Input((10, 10, 1), name="image")
    h = keras.layers.Conv2D(8, 3, activation="relu", name="conv")(x)
    h = keras.layers.Conv2D(8, 3, use_bias=False, name="conv2")(h)
    h = keras.layers.ReLU(name="relu")(keras.layers.BatchNormalization(name="norm")(h))
    v = CapsuleDense(3, 5, name="caps")(primary_capsules(h, types=4, dim=4, kernel_size=3))
    return keras.Model(x, [v, CapsuleLength(name="length")(v)], name="net")


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x = rng.random((64, 10, 10, 1), dtype=np.float32)
    x[:32, :5] *= 0.1
    return x, np.eye(3, dtype=np.float32)[np.repeat([0, 1], 32)]


def halved(model):
    """The model with the smaller half of its kernels' weights set to zero."""
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            kernel = layer.kernel.numpy()
            layer.kernel.assign(np.where(np.abs(kernel) < np.median(np.abs(kernel)), 0, kernel))
    return model


def train(quantized, data, epochs=3):
    quantized.compile(keras.optimizers.Adam(0.01), [None, "mse"], jit_compile=False)
    return quantized.fit(data[0], data[1], batch_size=16, epochs=epochs, verbose=0).history["loss"]


def kernels(quantized):
    names = ("conv", "conv2", "primary", "caps")
    return {name: next(w for w in quantized.weights if w.name == f"{name}/kernel:0").numpy() for name in names}


@pytest.fixture(scope="module")
def trained(data):
    """(original, its weights before, quantised and trained, loss of each epoch)."""
    model = halved(build())
    before = model.get_weights()
    quantized = quantization.quantize_model(model)
    return model, before, quantized, train(quantized, data)


def test_it_learns(trained):
    assert trained[3][-1] < 0.8 * trained[3][0]


def test_the_given_model_stays_as_it_was(trained, data):
    model, before, quantized, _ = trained
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.get_layer("caps").output.shape[1:] == (3, 5)  # still one inbound node
    assert not hasattr(model.get_layer("caps"), "kernel_limit")
    model.predict(data[0], verbose=0)
    assert any((kernels(quantized)[name] != model.get_layer(name).kernel.numpy()).any() for name in kernels(quantized))


def test_zero_weights_stay_zero_and_the_others_move(trained):
    for name, kernel in kernels(trained[2]).items():
        start = trained[0].get_layer(name).kernel.numpy()
        np.testing.assert_array_equal(kernel[start == 0], 0)
        assert (kernel[start != 0] != start[start != 0]).mean() > 0.5


def test_without_preserve_sparsity_they_grow_again(data):
    quantized = quantization.quantize_model(halved(build()), preserve_sparsity=False)
    train(quantized, data, epochs=1)
    for kernel in kernels(quantized).values():
        assert (kernel == 0).mean() < 0.1


def test_the_capsule_kernel_has_a_scale_for_each_column(trained, data):
    layer = trained[2].get_layer("quant_caps").layer
    seen = {}
    from tfcaps.layers import intercept

    def hook(op, inputs, compute):
        if op is layer:
            seen["kernel"] = op.kernel.numpy()
        return compute(inputs)

    with intercept(hook):
        trained[2](data[0][:2])
    scale = layer.kernel_limit.numpy() / 127
    assert scale.shape == (15,)
    codes = np.round(kernels(trained[2])["caps"] / scale)
    np.testing.assert_allclose(seen["kernel"], np.clip(codes, -127, 127) * scale, atol=1e-6)
    assert np.abs(codes).max() >= 126


def test_limits_are_right_before_any_training():
    model = build()
    layer = quantization.quantize_model(model).get_layer("quant_caps").layer
    np.testing.assert_allclose(layer.kernel_limit, np.abs(model.get_layer("caps").kernel).max(axis=0))
    assert not any(weight is layer.kernel_limit for weight in layer.weights)


def test_capsules_and_lengths_lie_on_their_grids(trained, data):
    capsules, lengths = trained[2].predict(data[0], verbose=0)
    np.testing.assert_array_equal(capsules * 128, np.round(capsules * 128))
    np.testing.assert_array_equal(lengths * 256, np.round(lengths * 256))
    squash = keras.Model(trained[2].input, trained[2].get_layer("quant_primary_squash").output)
    primary = squash.predict(data[0], verbose=0)
    np.testing.assert_array_equal(primary * 128, np.round(primary * 128))
    assert np.abs(primary).max() > 0.1


def test_the_convolution_carries_the_pre_squash_range_and_nothing_follows_it(trained, data):
    quantized = trained[2]
    found = {(r.layer, r.tensor): r for r in quantization.ranges(quantized)}
    conv = keras.Model(quantized.input, quantized.get_layer("quant_primary").output)
    before = keras.Model(quantized.input, quantized.get_layer("quant_primary_reshape").output)
    values = conv.predict(data[0], verbose=0)
    codes = values / found["primary", "output"].scale
    np.testing.assert_allclose(codes, np.round(codes), atol=1e-3)
    np.testing.assert_array_equal(before.predict(data[0], verbose=0).ravel(), values.ravel())
    assert ("primary_reshape", "output") not in found


def test_a_heavy_tail_before_the_squash_is_clipped(data):
    from tfcaps.quantization.quantizers import PreSquashQuantizer

    values = np.random.default_rng(0).standard_t(2, (16, 50, 4)).astype(np.float32)
    low, high = (float(v) for v in PreSquashQuantizer(4).batch_range(values))
    assert (low, high) == pytest.approx(quantization.squash_clip(values), rel=1e-5)
    assert high < np.abs(values).max() / 2


def test_ranges_are_readable(trained):
    found = {(r.layer, r.tensor): r for r in quantization.ranges(trained[2])}
    assert set(found) == {
        ("image", "input"),
        *((name, "kernel") for name in ("conv", "conv2", "primary", "caps")),
        *((name, "output") for name in ("conv", "relu", "primary", "primary_squash", "caps", "length")),
    }
    assert all(r.calibrated for r in found.values())
    assert found["image", "input"].low == 0.0
    assert found["image", "input"].high == pytest.approx(1.0, abs=0.01)
    assert found["conv", "kernel"].high.shape == (8,)
    assert found["conv", "output"].low == 0.0
    assert found["caps", "output"].fixed
    assert float(found["caps", "output"].scale) == 1 / 128
    assert float(found["length", "output"].scale) == 1 / 256
    limit = trained[2].get_layer("quant_caps").layer.kernel_limit.numpy()
    np.testing.assert_allclose(found["caps", "kernel"].scale, limit / 127, rtol=1e-6)


def test_calibration_sets_ranges_and_nothing_else(data):
    model = build()
    quantized = quantization.quantize_model(model)
    assert {r.layer for r in quantization.ranges(quantized) if not r.calibrated} == {"image", "conv", "relu", "primary"}
    quantization.calibrate(quantized, data[0])
    assert all(r.calibrated for r in quantization.ranges(quantized))
    with pytest.raises(ModelError, match="not quantised"):
        quantization.calibrate(model, data[0])
    with pytest.raises(DataError, match="at least one sample"):
        quantization.calibrate(quantized, data[0][:0])
    norm = quantized.get_layer("quant_norm").layer
    np.testing.assert_array_equal(norm.moving_mean, model.get_layer("norm").moving_mean)
    for old, new in zip(model.predict(data[0], verbose=0), quantized.predict(data[0], verbose=0), strict=True):
        np.testing.assert_allclose(new, old, atol=0.05)


@pytest.mark.parametrize("name", ["weights.h5", "checkpoint"])
def test_resuming_by_weights(trained, data, tmp_path, name):
    names = [weight.name for weight in trained[2].weights]
    assert len(set(names)) == len(names)
    trained[2].save_weights(tmp_path / name)
    again = quantization.quantize_model(build(seed=1))
    status = again.load_weights(tmp_path / name)
    if status is not None:
        status.expect_partial()
    for old, new in zip(trained[2](data[0]), again(data[0]), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(
        again.get_layer("quant_caps").layer.kernel_limit, trained[2].get_layer("quant_caps").layer.kernel_limit
    )
    train(again, data, epochs=1)
    for label, kernel in kernels(again).items():
        np.testing.assert_array_equal(kernel[trained[0].get_layer(label).kernel.numpy() == 0], 0)


def test_a_whole_model_goes_through_h5(trained, data, tmp_path):
    trained[2].save(tmp_path / "quantized.h5")
    again = quantization.load_model(tmp_path / "quantized.h5")
    for old, new in zip(trained[2](data[0]), again(data[0]), strict=True):
        np.testing.assert_array_equal(old, new)
    train(again, data, epochs=1)
    with pytest.raises(FileFormatError, match="no such file"):
        quantization.load_model(tmp_path / "none.h5")
    (tmp_path / "bad.h5").write_bytes(b"no")
    with pytest.raises(FileFormatError, match="not a quantised model"):
        quantization.load_model(tmp_path / "bad.h5")
    (tmp_path / "q.keras").touch()
    with pytest.raises(FileFormatError, match=r"save it as \.h5"):
        quantization.load_model(tmp_path / "q.keras")


def test_a_relu_layer_does_not_leave_the_weights_before_it_unquantised():
    x = keras.Input((6, 6, 2))
    h = keras.layers.ReLU(name="relu")(keras.layers.Conv2D(4, 3, name="conv")(x))
    quantized = quantization.quantize_model(keras.Model(x, h))
    tensors = [(r.layer, r.tensor) for r in quantization.ranges(quantized)]
    assert tensors[1:] == [("conv", "kernel"), ("relu", "output")]


def test_a_decoder_and_labels_of_integers(data):
    x, labels = keras.Input((8, 8, 1)), keras.Input((), dtype="int32")
    v = CapsuleDense(3, 4, use_bias=True)(primary_capsules(x, 2, 4, 3, 2))
    model = keras.Model([x, labels], [CapsuleLength()(v), decoder(CapsuleMask()([v, labels]), (8, 8, 1), (16,))])
    quantized = quantization.quantize_model(model)
    images, classes = data[0][:, :8, :8], np.arange(64, dtype=np.int32) % 3
    quantization.calibrate(quantized, (images, classes))
    for old, new in zip(model([images, classes]), quantized([images, classes]), strict=True):
        np.testing.assert_allclose(new, old, atol=0.05)
    assert all(r.calibrated for r in quantization.ranges(quantized))


def sequential():
    layers = [keras.Input((8, 8, 1)), keras.layers.Conv2D(8, 3, strides=2), keras.layers.BatchNormalization()]
    return keras.Sequential([*layers, keras.layers.Reshape((-1, 4)), Squash(), CapsuleDense(3, 4), CapsuleLength()])


def branched():
    x = keras.Input((8, 8, 1))
    h = keras.layers.SeparableConv2D(8, 3)(x)
    h = keras.layers.Concatenate()([h, keras.layers.ReLU()(keras.layers.Add()([h, keras.layers.Conv2D(8, 1)(h)]))])
    routing = {"name": "dynamic", "config": {"iterations": 2, "leaky": True}}
    v = CapsuleDense(3, 4, routing=routing)(primary_capsules(h, 2, 4, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(h)
    return keras.Model(x, keras.layers.Concatenate()([keras.layers.Flatten()(v), pooled]))


def selected():
    """Capsules chosen in front of the squash and behind it."""
    x = keras.Input((8, 8, 1))
    h = keras.layers.Reshape((-1, 4))(keras.layers.Conv2D(8, 3, strides=2)(x))
    u = CapsuleSelect(range(5, 15))(Squash()(CapsuleSelect(range(1, 17))(h)))
    return keras.Model(x, CapsuleLength()(CapsuleDense(3, 4)(u)))


@pytest.mark.parametrize("make", [sequential, branched, selected])
def test_other_shapes_of_models(make, data):
    model = make()
    quantized = quantization.quantize_model(model)
    quantization.calibrate(quantized, data[0][:, :8, :8])
    assert all(r.calibrated for r in quantization.ranges(quantized))
    np.testing.assert_allclose(quantized(data[0][:, :8, :8]), model(data[0][:, :8, :8]), atol=0.05)
    assert [r.layer for r in quantization.ranges(quantized) if r.tensor == "output" and r.fixed]


def test_a_sequential_model_after_pruning_needs_stripping(data):
    from tfcaps import pruning

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(2)])
    with pytest.raises(ModelError, match="strip_pruning"):
        quantization.quantize_model(pruning.prune_low_magnitude(model))
    quantized = quantization.quantize_model(model)
    with pytest.raises(ModelError, match="already"):
        quantization.quantize_model(quantized)
    values = np.random.default_rng(0).random((16, 4), dtype=np.float32)
    quantization.calibrate(quantized, values)
    np.testing.assert_allclose(quantized(values), model(values), atol=0.05)


class Mystery(keras.layers.Dense):
    pass


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


def test_models_that_cannot_be_quantised():
    x = keras.Input((4,))
    unknown = keras.Model(x, keras.layers.GaussianNoise(0.1, name="noise")(Mystery(2, name="what")(x)))
    with pytest.raises(ModelError, match=r"what \(Mystery\), noise \(GaussianNoise\).*configs="):
        quantization.quantize_model(unknown)
    with pytest.raises(ModelError, match=r"norm \(BatchNormalization\)"):
        quantization.quantize_model(keras.Model(x, keras.layers.BatchNormalization(name="norm")(x)))
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)], name="inner")
    with pytest.raises(ModelError, match="'inner' nested in 'outer'"):
        quantization.quantize_model(keras.Model(x, inner(x), name="outer"))
    subclassed = Subclassed()
    subclassed(np.zeros((1, 2), np.float32))
    with pytest.raises(ModelError, match="subclassed"):
        quantization.quantize_model(subclassed)
    with pytest.raises(ModelError, match="named nothing"):
        quantization.quantize_model(build(), configs={"nothing": None})
    with pytest.raises(ModelError, match=r"half.*float16"):
        quantization.quantize_model(keras.Model(x, keras.layers.Dense(2, name="half", dtype="mixed_float16")(x)))
    with pytest.raises(ModelError, match=r"dense \(Dense with activation elu\)"):
        quantization.quantize_model(keras.Model(x, keras.layers.Dense(2, activation="elu", name="dense")(x)))


def test_a_config_for_a_layer_nobody_knows():
    from tfcaps.quantization.configs import LayerConfig

    x = keras.Input((4,))
    model = keras.Model(x, Mystery(2, name="what")(x))
    quantized = quantization.quantize_model(model, configs={"what": LayerConfig(["kernel"], ["activation"])})
    assert [(r.layer, r.tensor) for r in quantization.ranges(quantized)][1:] == [("what", "kernel"), ("what", "output")]
