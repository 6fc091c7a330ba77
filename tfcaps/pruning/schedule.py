"""When to prune how much: tfmot's schedules, one that fits a run of known length, and a check of any against a run.

tfmot updates its masks only at the steps begin, begin + frequency, begin + 2 frequency ... up to end, and steps count
from one. A run that ends before the first of them prunes nothing, and tfmot does not say so.
"""

from __future__ import annotations

from typing import Any

from tfcaps import _tfmot
from tfcaps.errors import ModelError, TfcapsError

_UPDATES = 50


def constant(sparsity: float = 0.5, *, begin_step: int = 1, frequency: int = 100) -> Any:
    """A ``tfmot.sparsity.keras.ConstantSparsity`` that prunes from the first step on."""
    _check_sparsity(sparsity)
    schedules = _tfmot.require("pruning").sparsity.keras
    return schedules.ConstantSparsity(sparsity, begin_step=begin_step, frequency=frequency)


def polynomial_decay(
    steps: int,
    sparsity: float = 0.5,
    *,
    initial_sparsity: float = 0.0,
    begin: float = 0.0,
    end: float = 0.75,
    power: int = 3,
) -> Any:
    """A ``tfmot.sparsity.keras.PolynomialDecay`` that fits a run of `steps` training steps.

    Args:
        steps: Training steps of the run: batches an epoch times epochs.
        sparsity: Reached at the end.
        initial_sparsity: At the beginning.
        begin: Where in the run pruning begins, as a fraction of it.
        end: Where it reaches its sparsity; the rest of the run is for recovery.
        power: Exponent of the decay.

    Returns:
        A schedule with about 50 updates, fewer in a short run, the last of them at its end.

    Raises:
        TfcapsError: For numbers out of range.
    """
    _check_sparsity(sparsity)
    _check_sparsity(initial_sparsity)
    if steps < 2:
        raise TfcapsError(f"Expected a run of at least 2 steps, got {steps}")
    if not 0.0 <= begin < end <= 1.0:
        raise TfcapsError(f"Expected 0 <= begin < end <= 1, got {begin=}, {end=}")
    first = min(round(begin * steps), steps - 1)
    span = max(round(end * steps) - first, 1)
    frequency = max(span // _UPDATES, 1)
    schedules = _tfmot.require("pruning").sparsity.keras
    return schedules.PolynomialDecay(
        initial_sparsity, sparsity, first, first + span // frequency * frequency, power=power, frequency=frequency
    )


def check_schedule(schedule: Any, steps: int) -> None:
    """Raise ModelError if a run of `steps` training steps does not bring the schedule to its sparsity.

    Schedules of other classes than tfmot's two are not checked.
    """
    begin, end, frequency = (getattr(schedule, name, None) for name in ("begin_step", "end_step", "frequency"))
    if begin is None or end is None or frequency is None:
        return
    says = f"the schedule prunes every {frequency} steps from step {begin}" + (f" to {end}" if end >= 0 else "")
    first = begin if begin > 0 else frequency
    stop = steps if end < 0 else min(steps, end)
    if first > stop:
        raise ModelError(
            f"Nothing would be pruned: {says}, so for the first time at step {first}, and the run has {steps} steps; "
            "train longer or choose a smaller frequency (tfcaps.pruning.polynomial_decay fits one to the run)"
        )
    final = getattr(schedule, "final_sparsity", None)
    last = begin + (stop - begin) // frequency * frequency
    if final is None or last == end or getattr(schedule, "initial_sparsity", None) == final:
        return
    raise ModelError(
        f"The sparsity of {final:g} would not be reached: {says}, and the last update in a run of {steps} steps is at "
        f"step {last}; train longer, or choose an end_step within the run that is begin_step plus a multiple of the "
        "frequency (tfcaps.pruning.polynomial_decay does)"
    )


def _check_sparsity(value: float) -> None:
    if not 0.0 <= value < 1.0:
        raise TfcapsError(f"Expected a sparsity in [0, 1), got {value}")
