"""Training with a say in what a step does, by one source for both Keras flavours.

A `StepHook` may put other values into variables while a step computes (masks, factors) and change the gradients
before the optimiser sees them (penalties, decay). Plain ``fit`` does the rest: shuffling, callbacks, several inputs
and outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfcaps._keras import LEGACY, keras
from tfcaps.errors import ModelError
from tfcaps.pruning.methods.problem import Problem
from tfcaps.pruning.step_hook import StepHook


class _Hooked(keras.Model):
    """A functional model on the layers of another, whose training step goes through a `StepHook`."""

    def set_hook(self, hook: StepHook) -> None:
        """Set before ``fit``."""
        self.__dict__["step_hook"] = hook  # past Keras, which would look into it for layers and variables

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step."""
        hook: StepHook = self.__dict__["step_hook"]
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        variables = self.trainable_variables
        hook.begin()
        loss, gradients = _loss_and_gradients(self, x, y, weight, variables, training=True)
        hook.end()
        gradients = hook.gradients(variables, gradients)
        self.optimizer.apply_gradients([(g, v) for g, v in zip(gradients, variables, strict=True) if g is not None])
        hook.after()
        return {"loss": loss}


def train(
    problem: Problem,
    hook: StepHook | None = None,
    *,
    what: str,
    model: Any = None,
    epochs: int | None = None,
    learning_rate: float | None = None,
    optimizer: Any = None,
    callbacks: Sequence[Any] = (),
) -> list[float]:
    """Train a model in place on the problem's training images.

    Args:
        problem: Images, loss, optimiser, batch size, randomness and progress.
        hook: Its say.
        what: For the progress.
        model: The model; by default the problem's.
        epochs: Passes over the images; by default the problem's.
        learning_rate: By default the problem's.
        optimizer: Takes the place of the problem's.
        callbacks: Keras callbacks to add.

    Returns:
        The loss of the last batch of every epoch.

    Raises:
        ModelError: If training diverges.
    """
    model = problem.model if model is None else model
    epochs = problem.epochs if epochs is None else epochs
    hooked = _hooked(problem, model, hook, optimizer or problem.make_optimizer(learning_rate))
    keras.utils.set_random_seed(int(problem.rng.integers(2**31)))
    show = _Show(problem, what, epochs * len(problem.batches(problem.x_train)))
    history = hooked.fit(
        problem.x_train,
        problem.y_train,
        batch_size=problem.batch_size,
        epochs=epochs,
        callbacks=[show, *callbacks],
        verbose=0,
    ).history["loss"]
    if not np.isfinite(history).all():
        raise ModelError(f"{what}: the loss is no number any more; use a smaller learning rate")
    return [float(value) for value in history]


class GradientMeter:
    """Gradients of the loss in inference mode, by variable; nothing is trained.

    Args:
        problem: Names the model and the loss.
    """

    def __init__(self, problem: Problem) -> None:
        hooked = _hooked(problem, problem.model, None, keras.optimizers.SGD(0.0))
        self.variables = list(problem.model.trainable_variables)

        def gradients(x: Any, y: Any) -> list[Any]:
            return _loss_and_gradients(hooked, x, y, None, self.variables, training=False)[1]

        self._gradients = tf.function(gradients, reduce_retracing=True)

    def __call__(self, x: Any, y: Any) -> list[np.ndarray | None]:
        """The gradients of one batch, in the order of ``variables``; None where the loss does not depend on one."""
        return [None if g is None else np.asarray(tf.convert_to_tensor(g)) for g in self._gradients(x, y)]


def _hooked(problem: Problem, model: Any, hook: StepHook | None, optimizer: Any) -> _Hooked:
    hooked = _Hooked(model.input, model.output, name=model.name)
    hooked.set_hook(hook or StepHook())
    # XLA makes whole small models slower on a CPU, and compiling takes longer than they train.
    hooked.compile(optimizer, problem.loss, jit_compile=False)
    return hooked


def _loss_and_gradients(
    model: Any, x: Any, y: Any, weight: Any, variables: Sequence[Any], training: bool
) -> tuple[Any, list[Any]]:
    values = [v if LEGACY else v.value for v in variables]
    with tf.GradientTape() as tape:
        outputs = model(x, training=training)
        loss = model.compute_loss(x, y, outputs, weight)
    return loss, tape.gradient(loss, values)


class _Show(keras.callbacks.Callback):
    """Passes on how far training is."""

    def __init__(self, problem: Problem, what: str, total: int) -> None:
        super().__init__()
        self._problem, self._what, self._total, self._done = problem, what, total, 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """One step further."""
        self._done += 1
        self._problem.show(self._what, self._done, self._total)
