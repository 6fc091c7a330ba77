"""The two regimes of training a capsule head: what they change and what they leave alone."""

import numpy as np
import pytest

from tfcaps import datasets, models
from tfcaps._keras import keras
from tfcaps.errors import ModelError

K = keras.layers


def build():
    x = keras.Input((8, 8, 1))
    y = K.ReLU()(K.BatchNormalization(name="norm")(K.Conv2D(16, 3, 2, name="conv")(x)))
    return models.capsule_head(keras.Model(x, y, name="small"), 10)


@pytest.fixture(scope="module")
def data():
    found = datasets.load("digits")
    return found.x_train[:320], found.y_train[:320]


def changes(regime, data, **options):
    keras.utils.set_random_seed(0)
    model = build()
    before = {w.name if "/" in w.name else w.path: np.array(w) for w in model.weights}
    history = models.train_head(model, *data, regime, epochs=2, batch_size=32, **options)
    after = {w.name if "/" in w.name else w.path: np.array(w) for w in model.weights}
    return model, {name: not np.array_equal(before[name], after[name]) for name in before}, history


def test_freeze_leaves_the_backbone_as_it_is_to_the_bit(data):
    model, changed, history = changes("freeze", data, learning_rate=1e-3)
    for name, different in changed.items():
        assert different != name.startswith(("conv", "norm")), name
    assert history["loss"][1] < history["loss"][0]
    assert all(layer.trainable for layer in model.layers)


def test_finetuning_changes_everything(data):
    _, changed, _ = changes("finetuning", data)
    assert all(changed.values())


def test_the_rates_and_when_to_stop(data):
    model, _, history = changes("freeze", data, validation_data=data, patience=1)
    assert "val_loss" in history
    rate = model.optimizer.learning_rate
    assert float(np.asarray(rate)) == pytest.approx(1e-4 * 0.99, rel=1e-5)


def test_bad_input(data):
    with pytest.raises(ModelError, match="regime to be one of freeze, finetuning"):
        models.train_head(build(), *data, "thaw")
    x = keras.Input((8, 8, 1))
    with pytest.raises(ModelError, match="no capsule head"):
        models.train_head(keras.Model(x, K.Flatten()(x)), *data)
