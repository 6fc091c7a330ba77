"""Losses of capsule networks (Sabour, Frosst, Hinton 2017).

    model.compile("adam", tfcaps.losses.MarginLoss())                          # lengths only
    model.compile("adam", [MarginLoss(), ReconstructionLoss()],                # lengths and reconstruction
                  loss_weights=[1.0, RECONSTRUCTION_WEIGHT])

Compiled models are saved and loaded with their losses once this module is imported. tf_keras also takes the string
``"tfcaps>MarginLoss"`` for a loss; Keras 3 looks up the strings of its own losses only.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfcaps._keras import keras
from tfcaps.errors import TfcapsError

RECONSTRUCTION_WEIGHT = 0.0005
"""Weight of `ReconstructionLoss` beside the margin loss, so that it does not dominate (section 4.1)."""

_REDUCTIONS = ("paper", "official")


@keras.saving.register_keras_serializable("tfcaps", name="MarginLoss")
class MarginLoss(keras.losses.Loss):
    """The margin loss on capsule lengths, equation 4 of the paper.

    With T_k = 1 for a class that is present,

        L_k = T_k max(0, m_plus - |v_k|)² + lam (1 - T_k) max(0, |v_k| - m_minus)²

    Several classes may be present at once (two-hot labels of MultiMNIST).

    Args:
        m_plus: Length that a present class should reach.
        m_minus: Length that an absent class should stay below.
        lam: Weight of the absent classes, λ in the paper.
        reduction: ``"paper"`` sums over classes and averages over the batch. ``"official"`` is what the authors' code
            does: both terms halved, averaged over classes too; for ten classes a twentieth of the paper's. Next to a
            reconstruction loss that difference matters. It is not Keras' own ``reduction``, which stays at its default.
        name: Name of the loss.

    Call arguments:
        y_true: One-hot or two-hot labels [B, J], or integer labels [B] or [B, 1].
        y_pred: Capsule lengths [B, J]; computed in float32 whatever their dtype.

    Returns:
        The loss of each image, [B] float32, which Keras averages.

    Raises:
        TfcapsError: For an unknown reduction, margins out of order or labels of another shape.
        tf.errors.InvalidArgumentError: For an integer label outside 0 ... J-1.

    Example:
        >>> float(MarginLoss()([[1.0, 0.0]], [[0.5, 0.3]]))     # 0.4² + 0.5 · 0.2²
        0.18
    """

    def __init__(
        self,
        m_plus: float = 0.9,
        m_minus: float = 0.1,
        lam: float = 0.5,
        reduction: str = "paper",
        name: str = "margin_loss",
    ) -> None:
        super().__init__(name=name)
        if reduction not in _REDUCTIONS:
            raise TfcapsError(f"Expected reduction to be one of {', '.join(_REDUCTIONS)}, got {reduction!r}")
        if not 0.0 <= m_minus < m_plus <= 1.0:
            raise TfcapsError(f"Expected 0 <= m_minus < m_plus <= 1, got {m_minus=}, {m_plus=}")
        if lam < 0.0:
            raise TfcapsError(f"Expected lam to be at least 0, got {lam!r}")
        self.m_plus = float(m_plus)
        self.m_minus = float(m_minus)
        self.lam = float(lam)
        self.margin_reduction = reduction

    def call(self, y_true: Any, y_pred: Any) -> tf.Tensor:
        """The loss of each image, [B]."""
        lengths = tf.cast(tf.convert_to_tensor(y_pred), tf.float32)
        present = _present(tf.convert_to_tensor(y_true), lengths)
        missing = present * tf.square(tf.nn.relu(self.m_plus - lengths))
        surplus = self.lam * (1.0 - present) * tf.square(tf.nn.relu(lengths - self.m_minus))
        if self.margin_reduction == "paper":
            return tf.reduce_sum(missing + surplus, axis=-1)
        return 0.5 * tf.reduce_mean(missing + surplus, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "m_plus": self.m_plus,
            "m_minus": self.m_minus,
            "lam": self.lam,
            "reduction": self.margin_reduction,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("tfcaps", name="ReconstructionLoss")
class ReconstructionLoss(keras.losses.Loss):
    """The sum of squared differences between an image and its reconstruction (section 4.1).

    A sum over pixels, not a mean: with `RECONSTRUCTION_WEIGHT` this is the paper's regulariser. Keras' ``"mse"`` with
    the same weight would be 784 times weaker on 28x28 images.

    Call arguments:
        y_true: Images [B, ...].
        y_pred: Reconstructions of as many pixels, in any shape [B, ...].

    Returns:
        The loss of each image, [B] float32, which Keras averages.
    """

    def __init__(self, name: str = "reconstruction_loss") -> None:
        super().__init__(name=name)

    def call(self, y_true: Any, y_pred: Any) -> tf.Tensor:
        """The loss of each image, [B]."""
        reconstruction = tf.cast(tf.convert_to_tensor(y_pred), tf.float32)
        image = tf.reshape(tf.cast(tf.convert_to_tensor(y_true), tf.float32), tf.shape(reconstruction))
        squares = tf.square(image - reconstruction)
        return tf.reduce_sum(tf.reshape(squares, [tf.shape(squares)[0], -1]), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name}


def _present(labels: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """T_k as float32 [B, J], from one-hot or integer labels."""
    classes = int(lengths.shape[-1])
    rank = labels.shape.rank
    if rank == 2 and labels.shape[1] in (classes, None):
        return tf.cast(labels, tf.float32)
    if rank == 1 or (rank == 2 and labels.shape[1] == 1):
        return _one_hot(labels, classes)
    raise TfcapsError(f"MarginLoss expects labels [B], [B, 1] or [B, {classes}], got shape {labels.shape}")


def _one_hot(labels: tf.Tensor, classes: int) -> tf.Tensor:
    """Integer labels [B] or [B, 1], which Keras may have turned into floats on the way, as float32 [B, J]."""
    index = tf.cast(tf.reshape(labels, [-1]), tf.int32)
    message = f"MarginLoss: integer labels must be 0 ... {classes - 1}"
    checks = [tf.debugging.assert_non_negative(index, message), tf.debugging.assert_less(index, classes, message)]
    with tf.control_dependencies([check for check in checks if check is not None]):
        return tf.one_hot(index, classes, dtype=tf.float32)
