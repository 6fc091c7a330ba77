"""The callback that a model under pruning trains with."""

from __future__ import annotations

from typing import Any

from tfcaps.pruning.schedule import check_schedule
from tfcaps.pruning.wrapper import pruning_callbacks, wrappers


class UpdatePruningStep(pruning_callbacks.UpdatePruningStep):
    """tfmot's callback, which first checks that the run is long enough for the schedule.

    A data set of unknown length is checked after its first epoch.

    Args:
        steps: Training steps of the whole run, if it is spread over several calls of ``fit``; by default the run is
            what this call adds to the steps already made.
    """

    def __init__(self, steps: int | None = None) -> None:
        super().__init__()
        self.steps = steps
        self._begun_at = 0
        self._checked = False

    def on_train_begin(self, logs: Any = None) -> None:
        """Start counting, and check."""
        super().on_train_begin(logs)
        self._begun_at = self._step()
        self._checked = False
        if self.steps is not None:
            self._check(self.steps)
        elif self.params.get("steps"):
            self._check(self._begun_at + self.params["steps"] * self.params["epochs"])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Make the weights sparse, and check what could not be checked before."""
        super().on_epoch_end(epoch, logs)
        if not self._checked:
            self._check(self._begun_at + (self._step() - self._begun_at) * self.params["epochs"])

    def _step(self) -> int:
        return int(self.prunable_layers[0].pruning_step) if self.prunable_layers else 0

    def _check(self, steps: int) -> None:
        self._checked = True
        for layer in wrappers(self.model):
            if layer.sparsity_m_by_n is None:
                check_schedule(layer.pruning_schedule, steps)
