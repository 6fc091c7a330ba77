"""Pruning in several steps: how much of the whole reduction is done after each of them."""

from __future__ import annotations

from typing import Any

from tfcaps.errors import TfcapsError

SHAPES = ("cubic", "linear", "geometric")


def fractions(steps: int, schedule: Any = "cubic") -> list[float]:
    """The part of the whole reduction that is done after each step.

    Args:
        steps: Number of steps n.
        schedule: ``"cubic"``: 1 - (1 - k/n)³ after step k, much at first (Zhu and Gupta 2017); ``"linear"``: k/n;
            ``"geometric"``: (2^k - 1) / (2^n - 1), little at first; a schedule of tfmot with a beginning and an end,
            sampled at n steps of equal length between them; or such numbers themselves.

    Returns:
        n numbers that do not fall, in (0, 1], the last of them 1.

    Raises:
        TfcapsError: For a schedule that is none of these.
    """
    check_steps(steps, schedule)
    points = [k / steps for k in range(1, steps + 1)]
    if schedule == "linear":
        return points
    if schedule == "cubic":
        return [1.0 - (1.0 - t) ** 3 for t in points]
    if schedule == "geometric":
        return [(2.0**k - 1.0) / (2.0**steps - 1.0) for k in range(1, steps + 1)]
    if isinstance(schedule, (list, tuple)):
        return [float(value) for value in schedule]
    begin, end = int(schedule.begin_step), int(schedule.end_step)
    values = [float(schedule(begin + round(t * (end - begin)))[1]) for t in points]
    if values[-1] <= 0.0:
        raise TfcapsError(f"Expected a schedule that ends with a sparsity above 0, got {values[-1]:g}")
    return [value / values[-1] for value in values]


def check_steps(steps: int, schedule: Any) -> None:
    """Raise TfcapsError for steps or a schedule that `fractions` cannot use."""
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise TfcapsError(f"Expected steps to be an integer of at least 1, got {steps!r}")
    if isinstance(schedule, (list, tuple)):
        rising = len(schedule) == steps and all(isinstance(value, (int, float)) for value in schedule)
        if rising:
            rising = all(0.0 < a <= b for a, b in zip(schedule, [*schedule[1:], 1.0], strict=True))
        if not rising or schedule[-1] != 1.0:
            raise TfcapsError(
                f"Expected a schedule of {steps} numbers that rise from above 0 to 1, one a step, got {schedule!r}"
            )
    elif isinstance(schedule, str):
        if schedule not in SHAPES:
            raise TfcapsError(f"Expected schedule to be one of {', '.join(SHAPES)}, got {schedule!r}")
    elif not callable(schedule) or not int(getattr(schedule, "end_step", -1)) > int(schedule.begin_step):
        raise TfcapsError(
            f"Expected schedule to be one of {', '.join(SHAPES)}, a list of fractions, or a tfmot schedule with an "
            f"end_step after its begin_step, got {schedule!r}"
        )
