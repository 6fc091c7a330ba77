"""Losses against an independent NumPy formula, in every label form, and through Keras' own machinery."""

import numpy as np
import pytest
import tensorflow as tf

from tfcaps import losses, metrics
from tfcaps._keras import keras
from tfcaps.errors import TfcapsError

RNG = np.random.default_rng(0)
LENGTHS = RNG.uniform(0, 1, (6, 10)).astype(np.float32)
LABELS = RNG.integers(0, 10, 6)
ONE_HOT = np.eye(10, dtype=np.float32)[LABELS]
TWO_HOT = np.maximum(ONE_HOT, np.eye(10, dtype=np.float32)[(LABELS + 3) % 10])


def margin(t, v, m_plus=0.9, m_minus=0.1, lam=0.5):
    """Equation 4 written out as loops: one loss a row."""
    rows = []
    for t_row, v_row in zip(t, v, strict=True):
        total = 0.0
        for present, length in zip(t_row, v_row, strict=True):
            total += present * max(0.0, m_plus - length) ** 2
            total += lam * (1 - present) * max(0.0, length - m_minus) ** 2
        rows.append(total)
    return np.array(rows)


@pytest.mark.parametrize("labels", [LABELS, LABELS[:, None], ONE_HOT, LABELS.astype(np.int32), ONE_HOT.astype(bool)])
def test_margin_loss_takes_every_form_of_labels(labels):
    assert float(losses.MarginLoss()(labels, LENGTHS)) == pytest.approx(margin(ONE_HOT, LENGTHS).mean(), rel=1e-6)


def test_margin_loss_of_two_present_classes():
    assert float(losses.MarginLoss()(TWO_HOT, LENGTHS)) == pytest.approx(margin(TWO_HOT, LENGTHS).mean(), rel=1e-6)


def test_margin_loss_by_hand():
    # Present class 0.4 below 0.9; absent ones 0.2 above 0.1, and below 0.1.
    assert float(losses.MarginLoss()([[1.0, 0.0, 0.0]], [[0.5, 0.3, 0.05]])) == pytest.approx(0.4**2 + 0.5 * 0.2**2)
    assert float(losses.MarginLoss()([[1.0, 0.0]], [[0.95, 0.1]])) == 0.0


def test_official_reduction_is_a_twentieth_of_the_papers_for_ten_classes():
    paper = float(losses.MarginLoss()(ONE_HOT, LENGTHS))
    assert float(losses.MarginLoss(reduction="official")(ONE_HOT, LENGTHS)) == pytest.approx(paper / 20, rel=1e-6)


def test_margin_loss_options_count():
    loss = losses.MarginLoss(0.8, 0.2, 0.25)
    assert float(loss(ONE_HOT, LENGTHS)) == pytest.approx(margin(ONE_HOT, LENGTHS, 0.8, 0.2, 0.25).mean(), rel=1e-6)


def test_margin_loss_weights_samples():
    weights = np.array([1, 0, 0, 0, 0, 0], np.float32)
    expected = margin(ONE_HOT, LENGTHS)[0] / 6
    assert float(losses.MarginLoss()(ONE_HOT, LENGTHS, sample_weight=weights)) == pytest.approx(expected, rel=1e-6)


def test_margin_loss_has_finite_gradients_at_zero_and_computes_half_precision_in_float32():
    v = tf.Variable(tf.zeros([2, 10], tf.float16))
    with tf.GradientTape() as tape:
        loss = losses.MarginLoss()(np.array([3, 4]), v)
    assert loss.dtype == tf.float32
    assert np.all(np.isfinite(tape.gradient(loss, v).numpy()))
    assert losses.MarginLoss().call(tf.constant([3, 4]), v).dtype == tf.float32


@pytest.mark.parametrize(
    "options", [{"reduction": "mean"}, {"m_plus": 0.1, "m_minus": 0.9}, {"lam": -1.0}, {"m_plus": 1.5}]
)
def test_margin_loss_refuses_bad_options(options):
    with pytest.raises(TfcapsError, match="Expected"):
        losses.MarginLoss(**options)


def test_margin_loss_refuses_labels_of_another_shape():
    with pytest.raises(TfcapsError, match=r"\[B, 10\]"):
        losses.MarginLoss().call(tf.zeros([6, 7]), tf.constant(LENGTHS))


@pytest.mark.parametrize("label", [-1, 10])
def test_margin_loss_refuses_labels_out_of_range(label):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"0 \.\.\. 9"):
        losses.MarginLoss()(np.full(6, label), LENGTHS)


@pytest.mark.parametrize(
    "loss",
    [losses.MarginLoss(0.8, 0.2, 0.3, reduction="official", name="other"), losses.ReconstructionLoss(name="pixels")],
)
def test_losses_round_trip_through_their_config(loss):
    again = type(loss).from_config(loss.get_config())
    assert again.get_config() == loss.get_config()
    by_keras = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(by_keras) is type(loss)
    assert by_keras.get_config() == loss.get_config()


def test_reconstruction_loss_is_a_sum_over_pixels_averaged_over_images():
    image, copy = RNG.uniform(0, 1, (2, 3, 5, 4, 1)).astype(np.float32)
    expected = np.mean([np.sum((a - b) ** 2) for a, b in zip(image, copy, strict=True)])
    assert float(losses.ReconstructionLoss()(image, copy)) == pytest.approx(expected, rel=1e-5)
    flat = copy.reshape(3, 20)
    assert float(losses.ReconstructionLoss()(image, flat)) == pytest.approx(expected, rel=1e-5)
    assert losses.RECONSTRUCTION_WEIGHT == 0.0005


def test_compiled_model_is_saved_with_its_loss(tmp_path):
    x = keras.Input((10,))
    model = keras.Model(x, keras.layers.Activation("sigmoid")(x))
    model.compile("sgd", losses.MarginLoss(reduction="official"))
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    expected = model.evaluate(LENGTHS, LABELS, verbose=0)
    assert again.evaluate(LENGTHS, LABELS, verbose=0) == pytest.approx(expected)


def test_all_present_counts_exactly_the_present_classes():
    y = [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0]]
    v = [[0.9, 0.8, 0.7, 0.1], [0.9, 0.2, 0.7, 0.1], [0.1, 0.2, 0.3, 0.1], [0.5, 0.5, 0.1, 0.1]]
    assert metrics.all_present(y, v).numpy().tolist() == [1.0, 0.0, 1.0, 0.0]
