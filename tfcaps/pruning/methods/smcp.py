"""`smcp`: train under soft masks, and choose again and again which channels the budget is spent on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfcaps._keras import keras
from tfcaps.pruning.masks import MODES, Masks
from tfcaps.pruning.methods.base import METHODS, Keep, Method, check_choice, check_count, check_number
from tfcaps.pruning.methods.channel_budget import ChannelBudget, norms_behind
from tfcaps.pruning.methods.problem import Problem
from tfcaps.pruning.methods.training import train
from tfcaps.pruning.step_hook import StepHook

IMPORTANCES = ("weight", "taylor")
ACCUMULATIONS = ("latest", "average", "momentum")
RAMPS = ("exp", "exp2", "linear")
RESCALES = ("importance", "channels", "none")


@METHODS.register("smcp")
class SMCP(Method):
    """Soft Masking for Cost-Constrained Channel Pruning (Humble et al. 2022).

    1. A mask m on the input channels of every layer, the same for all layers that read the same tensor. Forward
       W * m; backward the gradient of the masked weight goes to the dense one (soft), so that a masked channel goes on
       learning and may come back.
    2. Masked weights decay: ``decay * (1 - m) * W`` is added to their gradient.
    3. Importance of channel c: |Σ ι(w)| over the weights that read it, as far as the channels they lead to are kept;
       ι = -w · gradient (first-order Taylor, as in the paper) or |w| (the default of the authors' code).
    4. Cost of n channels of a group: the cost of the layers that read it, with as many outputs as are kept now, in the
       metric of the target: MAC, parameters, predicted instructions.
    5. Multiple-choice knapsack: one number n for every group, the largest summed importance within the budget.
    6. The budget falls from the whole cost to the target between warm-up and cool-down, and the knapsack is solved
       again and again. For the part R of the cost that goes and the time t from 0 to T = 1 the part gone is R (1 -
       e^(-k t)) / (1 - e^(-k)) ("exp", with the authors' k = 0.05 · 55), 1 - (1 - R)^t ("exp2") or R t ("linear").
    7. After each change, gamma of the batch normalisation behind a layer is scaled by the kept part of the importance
       of the layer's inputs; its gradient is that of the scaled gamma, so that it learns as if unscaled. In the end
       the scale becomes part of gamma.
    8. The network is shrunk to the last masks.

    What differs: costs are those of the whole model with its real widths, and the knapsack is solved again at the
    widths it chose until they meet the budget, so that the slimmed model does after every solve. Layers cannot
    vanish. The optimiser is the problem's, where the authors use SGD with label smoothing and a cosine schedule for
    90 epochs; the parts of warm-up, ramp and cool-down are theirs.

    Args:
        mode: ``"soft"``, ``"hard"`` (masked weights stay as they are) or ``"permanent"`` (they become zero).
        importance: ``"taylor"`` or ``"weight"``.
        accumulate: Which steps count for Taylor importance: ``"latest"``, ``"average"`` since the last solve, or
            ``"momentum"``, 0.9 of what was before.
        epochs: Of the training; the problem's if left out.
        warm_up: Part of the training before the first solve.
        cool_down: Part of the training after the last one.
        solves: How often the knapsack is solved in between.
        ramp: How the budget falls: ``"exp"``, ``"exp2"`` or ``"linear"``.
        decay: Of masked weights.
        rescale: What scales gamma: ``"importance"``, the part of ``"channels"`` that is kept, or ``"none"``.
        chunk: Numbers of channels are multiples of this (8 in the paper, for tensor cores; 4 suits SIMD on
            microcontrollers).
        double_sided: w: the part of a layer's cost that its input channels have to answer for; its output channels
            answer for 1 - w.
        max_rate: The largest part of a group that may go; `tfcaps.pruning.allocate.moderate_rate` by default.
        **common: See `Method`.
    """

    name = "smcp"
    title = "Training under soft masks whose channels a knapsack chooses by importance and cost (SMCP)"
    source = "Humble et al. 2022, arXiv 2211.02206"
    needs_data = True

    def __init__(
        self,
        *,
        mode: str = "soft",
        importance: str = "taylor",
        accumulate: str = "momentum",
        epochs: int | None = None,
        warm_up: float = 10 / 90,
        cool_down: float = 25 / 90,
        solves: int = 40,
        ramp: str = "exp",
        decay: float = 2e-4,
        rescale: str = "importance",
        chunk: int = 1,
        double_sided: float = 1.0,
        max_rate: float | None = None,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        check_choice(self.name, "mode", mode, MODES)
        check_choice(self.name, "importance", importance, IMPORTANCES)
        check_choice(self.name, "accumulate", accumulate, ACCUMULATIONS)
        if epochs is not None:
            check_count(self.name, "epochs", epochs)
        check_number(self.name, "warm_up", warm_up, 0.0, 1.0)
        check_number(self.name, "cool_down", cool_down, 0.0, 1.0 - warm_up)
        check_count(self.name, "solves", solves)
        check_choice(self.name, "ramp", ramp, RAMPS)
        check_number(self.name, "decay", decay, 0.0)
        check_choice(self.name, "rescale", rescale, RESCALES)
        check_count(self.name, "chunk", chunk)
        check_number(self.name, "double_sided", double_sided, 0.0, 1.0)
        if max_rate is not None:
            check_number(self.name, "max_rate", max_rate, 0.0, 1.0)
        self.mode = mode
        self.importance = importance
        self.accumulate = accumulate
        self.epochs = epochs
        self.warm_up = warm_up
        self.cool_down = cool_down
        self.solves = solves
        self.ramp = ramp
        self.decay = decay
        self.rescale = rescale
        self.chunk = chunk
        self.double_sided = double_sided
        self.max_rate = max_rate

    def prepare(self, problem: Problem) -> Any:
        """Train under masks; they are left in ``problem.notes["keep"]``."""
        epochs = max(1, problem.epochs if self.epochs is None else self.epochs)
        steps = epochs * len(problem.batches(problem.x_train))
        pruner = _Pruner(self, problem, steps)
        train(problem, pruner, what="training under soft masks", epochs=epochs, callbacks=[_Solve(pruner)])
        pruner.finish()
        problem.notes["keep"] = pruner.keep
        problem.notes["solves"] = pruner.history
        problem.notes["regrown"] = {name: int(np.sum(pruner.keep[name] & gone)) for name, gone in pruner.gone.items()}
        return problem.model

    def select(self, problem: Problem) -> Keep:
        """The last masks."""
        if "keep" not in problem.notes:
            self.prepare(problem)
        return problem.notes["keep"]

    def gone(self, part: float, time: float) -> float:
        """The part of the whole cost that is gone at a time.

        Args:
            part: R, what is gone in the end.
            time: From 0 at the first solve to 1 at the last.
        """
        time = min(1.0, max(0.0, time))
        if self.ramp == "linear":
            return part * time
        if self.ramp == "exp2":
            return 1.0 - (1.0 - part) ** time
        rate = 0.05 * 55
        return part * (1.0 - math.exp(-rate * time)) / (1.0 - math.exp(-rate))


class _Pruner(StepHook):
    """The masks of a training, and what they are chosen by."""

    def __init__(self, method: SMCP, problem: Problem, steps: int) -> None:
        self.method, self.problem, self.steps = method, problem, steps
        self.budget = ChannelBudget(problem, method.chunk, method.double_sided, method.max_rate)
        self.masks = Masks(problem.graph, method.mode, "in", method.decay)
        self.keep = problem.everything()
        self.gone = {name: np.zeros(len(items), bool) for name, items in self.keep.items()}
        self.history: list[dict[str, Any]] = []
        self._norms = norms_behind(problem.model)
        self._first = round(method.warm_up * steps)
        self._last = max(self._first, min(steps - 1, round((1.0 - method.cool_down) * steps)))
        self._every = max(1, (self._last - self._first) // method.solves)
        self._taylor: dict[int, tf.Variable] = {}
        self._seen = tf.Variable(0.0, trainable=False)
        if method.importance == "taylor":
            self._taylor = {
                key: tf.Variable(tf.zeros(v.shape), trainable=False) for key, v in self.budget.variables.items()
            }

    def due(self, step: int) -> bool:
        """Whether the knapsack is solved before this step."""
        return step == self._last or (self._first <= step < self._last and (step - self._first) % self._every == 0)

    def solve(self, step: int) -> None:
        """Choose the masks anew."""
        target = self.problem.target
        time = 1.0 if step >= self._last else (step - self._first) / (self._last - self._first)
        gone = self.method.gone(1.0 - target.limit / target.whole, time)
        limit = target.limit if time >= 1.0 else target.whole * (1.0 - gone)
        dead = self.gone if self.method.mode == "permanent" else None
        importance = self.budget.importance(self._weights(), self.keep)
        self.keep = self.budget.solve(importance, limit, self.keep, dead)
        self.gone = {name: self.gone[name] | ~items for name, items in self.keep.items()}
        self._seen.assign(0.0)
        self.masks.set(self.keep)
        self._rescale(importance)
        cost = target.value(self.problem.cost(self.keep))
        sizes = {name: int(items.sum()) for name, items in self.keep.items()}
        self.history.append({"step": step, "limit": limit, "cost": cost, "counts": sizes})

    def finish(self) -> None:
        """After the training: scales become part of gamma."""
        self.masks.fold()

    def _rescale(self, importance: dict[str, np.ndarray]) -> None:
        if self.method.rescale == "none":
            return
        for slot in self.budget.slots:
            norm = self._norms.get(id(slot.layer))
            if slot.reads and slot.is_kernel and norm is not None and norm.scale:
                weights = importance[slot.group] if self.method.rescale == "importance" else np.ones(slot.size)
                total = float(weights.sum())
                self.masks.scale(norm.gamma, float(weights[self.keep[slot.group]].sum()) / total if total else 1.0)

    def _weights(self) -> dict[int, np.ndarray]:
        """ι of every weight."""
        found = {key: value.numpy() for key, value in self._taylor.items()}
        if any(values.any() for values in found.values()):
            return found
        # Without a gradient yet, or by choice:
        return {key: np.abs(np.asarray(variable)) for key, variable in self.budget.variables.items()}

    def begin(self) -> None:
        """Mask."""
        self.masks.begin()

    def end(self) -> None:
        """Put the dense weights back."""
        self.masks.end()

    def gradients(self, variables: Sequence[Any], gradients: list[Any]) -> list[Any]:
        """Take down -w · gradient if that is the importance; then as the masks say."""
        for variable, gradient in zip(variables, gradients, strict=True):
            total = self._taylor.get(id(variable))
            if total is not None and gradient is not None:
                now = -tf.convert_to_tensor(variable) * tf.convert_to_tensor(gradient)
                if self.method.accumulate == "average":
                    now = tf.where(self._seen > 0.0, total + (now - total) / (self._seen + 1.0), now)
                elif self.method.accumulate == "momentum":
                    now = tf.where(self._seen > 0.0, 0.9 * total + 0.1 * now, now)
                total.assign(now)
        self._seen.assign_add(1.0)
        return self.masks.gradients(variables, gradients)

    def after(self) -> None:
        """Undo what an optimiser did to weights that must not change."""
        self.masks.after()


class _Solve(keras.callbacks.Callback):
    """Solves the knapsack when it is due."""

    def __init__(self, pruner: _Pruner) -> None:
        super().__init__()
        self._pruner = pruner
        self._step = 0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Before a step."""
        if self._pruner.due(self._step):
            self._pruner.solve(self._step)
        self._step += 1
