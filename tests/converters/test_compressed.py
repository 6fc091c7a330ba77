"""Pruned and quantisation-aware models convert as they are: zeros stay zeros, trained ranges are the file's."""

from __future__ import annotations

import numpy as np
import pytest

from tests.converters import zoo
from tfcaps._keras import LEGACY
from tfcaps.converters import to_tflite
from tfcaps.converters.compare import compare
from tfcaps.errors import ModelError
from tfcaps.runtime import Interpreter
from tfcaps.runtime.tflite_file import read_tflite

pytestmark = pytest.mark.skipif(not LEGACY, reason="tfmot knows tf_keras only")


def kernel_of(file, name):
    model = read_tflite(file)
    op = next(op for op in model.operators if op.name == name)
    return model.tensors[op.inputs[1]]


@pytest.fixture(scope="module")
def quantized():
    """A quantisation-aware model whose kernels are half zeros, after a few training steps."""
    from tfcaps.quantization import calibrate, quantize_model

    model, data = zoo.build("functional")
    for layer in model.layers:
        weights = layer.get_weights()
        if weights:
            weights[0][np.abs(weights[0]) < np.median(np.abs(weights[0]))] = 0
            layer.set_weights(weights)
    aware = quantize_model(model)
    aware.compile("adam", "mse")
    aware.fit(data, np.eye(3)[np.arange(24) % 3], epochs=3, verbose=0)
    calibrate(aware, data)
    return aware, data


def test_quantisation_aware_training_computes_what_the_file_computes(quantized):
    model, data = quantized
    file = to_tflite(model)  # trained ranges: no data needed
    for backend in ("litert", "tflm"):
        difference = np.abs(Interpreter(file, backend=backend)(data) - model.predict(data, verbose=0))
        assert difference.max() <= 2.5 / 256
        assert difference.mean() < 0.5 / 256
    assert compare(model, file, data).coupling_correlation > 0.999


def test_data_changes_nothing_about_trained_ranges(quantized):
    model, data = quantized
    for a, b in zip(read_tflite(to_tflite(model)).tensors, read_tflite(to_tflite(model, data)).tensors, strict=True):
        assert (a.scale, a.zero_point) == (b.scale, b.zero_point)


def test_the_kernel_has_the_trained_scales(quantized):
    model, _ = quantized
    wrapper = next(layer for layer in model.layers if layer.name == "quant_class_capsules")
    scales = kernel_of(to_tflite(model), "TfcapsCapsuleDense").scales
    np.testing.assert_allclose(scales, np.asarray(wrapper.layer.kernel_limit) / 127, rtol=1e-6)


def test_names_are_those_of_the_float_model(quantized):
    interpreter = Interpreter(to_tflite(quantized[0]))
    assert (interpreter.inputs[0].name, interpreter.outputs[0].name) == ("image", "lengths")


@pytest.mark.parametrize("op", ["CONV_2D", "TfcapsCapsuleDense"])
def test_zeros_are_zeros_in_the_file(quantized, op):
    kernel = kernel_of(to_tflite(quantized[0]), op).data
    assert np.mean(kernel == 0) == pytest.approx(0.5, abs=0.02)


def test_a_pruned_model_converts_after_training():
    from tfcaps import pruning

    model, data = zoo.build("functional")
    pruned = pruning.prune_low_magnitude(model, pruning.constant(0.5, frequency=1), block="transformation",
                                         layers=["class_capsules"])  # fmt: skip
    pruned.compile("adam", "mse")
    pruned.fit(data, np.eye(3)[np.arange(24) % 3], epochs=2, verbose=0, callbacks=pruning.callbacks())
    with pytest.raises(ModelError, match="strip_pruning"):
        to_tflite(pruned, data)
    kernel = kernel_of(to_tflite(pruning.strip_pruning(pruned), data), "TfcapsCapsuleDense").data  # [I, J*D, K]
    whole = kernel.reshape(36, 3, 6 * 4)
    assert np.mean((whole == 0).all(axis=-1)) == pytest.approx(0.5, abs=0.01)
