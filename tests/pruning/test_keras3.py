"""What a process on Keras 3 is told, and how its weights get to tf_keras."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tfcaps import pruning, quantization, weights
from tfcaps._keras import LEGACY, keras
from tfcaps.errors import FileFormatError, ModelError
from tfcaps.layers import CapsuleDense, CapsuleLength, primary_capsules


def build():
    x = keras.Input((8, 8, 1))
    h = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3)(x))
    return keras.Model(x, CapsuleLength()(CapsuleDense(2, 3, use_bias=True)(primary_capsules(h, 2, 4, 3))))


IN_KERAS_3 = """
import sys
import numpy as np
sys.path.insert(0, sys.argv[2])
from test_keras3 import build
from tfcaps import pruning, quantization, weights
from tfcaps.errors import ModelError

model = build()
actions = [pruning.prune_low_magnitude, pruning.strip_pruning, lambda m: pruning.callbacks()]
actions += [quantization.quantize_model, lambda m: quantization.load_model("quantized.h5")]
for action in actions:
    try:
        action(model)
    except ModelError as error:
        assert "TF_USE_LEGACY_KERAS=1" in str(error) and "weights" in str(error), error
    else:
        raise AssertionError("no error")
assert pruning.sparsity_report(model).sparsity == 0.0
rng = np.random.default_rng(0)
model.set_weights([rng.random(w.shape, dtype=np.float32) for w in model.weights])
weights.export_weights(model, sys.argv[1] + "/weights.npz")
np.save(sys.argv[1] + "/lengths.npy", model.predict(np.ones((1, 8, 8, 1), np.float32), verbose=0))
"""


def test_a_keras_3_model_is_refused_and_its_weights_cross_over(tmp_path):
    subprocess.run(
        [sys.executable, "-c", IN_KERAS_3, str(tmp_path), os.path.dirname(__file__)],
        env=os.environ | {"TF_USE_LEGACY_KERAS": "0"},
        check=True,
    )
    model = build()
    weights.import_weights(model, tmp_path / "weights.npz")
    lengths = model.predict(np.ones((1, 8, 8, 1), np.float32), verbose=0)
    np.testing.assert_allclose(lengths, np.load(tmp_path / "lengths.npy"), atol=1e-5)


@pytest.mark.skipif(not LEGACY, reason="on tf_keras")
def test_a_keras_3_object_in_a_process_on_tf_keras():
    import keras as keras3

    model = keras3.Sequential([keras3.Input((4,)), keras3.layers.Dense(2)])
    for action in (pruning.prune_low_magnitude, quantization.quantize_model):
        with pytest.raises(ModelError, match=r"Keras 3 Sequential.*TF_USE_LEGACY_KERAS=1"):
            action(model)


def test_weights_that_do_not_fit(tmp_path):
    path = tmp_path / "weights.npz"
    weights.export_weights(build(), path)
    assert [p.name for p in tmp_path.iterdir()] == ["weights.npz"]
    x = keras.Input((8,))
    other = keras.Model(x, keras.layers.Dense(3)(x), name="other")
    with pytest.raises(ModelError, match=r"holds 10 weights, model 'other' has 2: number 0 is"):
        weights.import_weights(other, path)
    with pytest.raises(FileFormatError, match=r"none\.npz"):
        weights.import_weights(other, tmp_path / "none.npz")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(FileFormatError, match="not an"):
        weights.import_weights(other, path)
