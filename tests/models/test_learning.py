"""The MNIST network of Costa et al. 2022 learns, by their recipe."""

import pytest

from tfcaps import datasets, losses, models
from tfcaps._keras import LEGACY, keras


@pytest.mark.skipif(not LEGACY, reason="half a minute of training is enough under one flavour")
def test_q7_mnist_reaches_96_percent_within_four_epochs():
    keras.utils.set_random_seed(1)
    data = datasets.load("mnist5k")
    model = models.build("q7_mnist")
    model.compile(
        keras.optimizers.Adam(1e-3), losses.MarginLoss(), metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")]
    )
    history = model.fit(
        data.x_train, data.y_train, batch_size=32, epochs=4, validation_data=(data.x_test, data.y_test), verbose=0
    ).history
    assert max(history["val_accuracy"]) >= 0.96
