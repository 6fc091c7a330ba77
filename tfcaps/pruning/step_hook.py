"""`StepHook`: a say in what a training step does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class StepHook:
    """What happens around a training step; all of it is traced into a TensorFlow graph once."""

    def begin(self) -> None:
        """Before the forward pass."""

    def end(self) -> None:
        """After the backward pass, before the optimiser."""

    def gradients(self, variables: Sequence[Any], gradients: list[Any]) -> list[Any]:
        """The gradients for the optimiser, one a variable; None where the loss does not depend on it."""
        return gradients

    def after(self) -> None:
        """After the optimiser."""
