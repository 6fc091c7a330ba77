"""`prune`: a model with fewer channels that costs no more than a target."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tfcaps._keras import keras
from tfcaps.datasets import Dataset
from tfcaps.errors import ModelError, TfcapsError
from tfcaps.pruning import report as reports
from tfcaps.pruning.cost import CostModel
from tfcaps.pruning.fine_tuning import FineTuning, loss_of
from tfcaps.pruning.graph import ChannelGraph, Group
from tfcaps.pruning.images import check_loss, read_images
from tfcaps.pruning.methods import Method, Problem, get
from tfcaps.pruning.methods.problem import Evaluator, correct
from tfcaps.pruning.methods.training import train
from tfcaps.pruning.report import Accuracy, Change, GroupReport, PruneReport
from tfcaps.pruning.shrink import shrink
from tfcaps.pruning.target import DEFAULT_BOARD, Target

Keep = dict[str, np.ndarray]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class PruneResult:
    """What `prune` returns.

    Attributes:
        model: The smaller model, uncompiled; saves, trains, quantises and converts like any other.
        report: What was done, to show, draw or store.
        keep: Which items of each group of the given model stay, bool [size]; ``shrink(model, keep)`` makes a model of
            the same sizes from the given one.
    """

    model: Any
    report: PruneReport
    keep: Mapping[str, np.ndarray]


def prune(
    model: Any,
    method: str | dict[str, Any] | Method = "slimming",
    *,
    target: Target | Mapping[str, Any],
    data: Any = None,
    validation: Any = None,
    fine_tune: FineTuning | int | Mapping[str, Any] | None = None,
    steps: int | None = None,
    schedule: Any = None,
    groups: Collection[str] | None = None,
    loss: Any = None,
    seed: int = 0,
    progress: Progress | None = None,
    **options: Any,
) -> PruneResult:
    """Remove channels until the model meets a target, and train it on.

    Args:
        model: A built functional or sequential Keras model; it stays as it is.
        method: A name in `METHODS`, such as ``"slimming"`` or ``"l1"``; or a `Method`.
        target: ``{metric: value}`` with one of parameters, macs, activation_bytes, arena_bytes, instructions; a float
            up to 1.0 is the fraction that remains, any other number an absolute limit. Beside instructions ``"board"``
            says for which target of `tfcaps bench`, by default "cortex-m4".
        data: Training images and labels (x, y), or a `tfcaps.datasets.Dataset`. Needed for fine-tuning, and by methods
            that look at images.
        validation: Held-out images and labels, on which methods compare candidates and accuracies are measured; those
            of a `tfcaps.datasets.Dataset` given as `data` are measured on its test images instead.
        fine_tune: Epochs of training after pruning, or a `FineTuning` or a dict of its attributes; none by default.
        steps: Prune and fine-tune so often by turns on the way to the target; 1 by default.
        schedule: How far each step goes: ``"cubic"``, ``"linear"``, ``"geometric"``, such fractions themselves, or a
            schedule of tfmot, such as PolynomialDecay; "cubic" by default.
        groups: Names of the groups, or of layers that make them, to cut; all that can be cut by default.
        loss: What to train for; by default what the model is compiled with, or what its last layer suggests.
        seed: Of everything random.
        progress: Called with (what, done, total) while something takes long.
        **options: The method's own, see ``METHODS[name].options()``.

    Returns:
        The smaller model, a report, and what was kept.

    Raises:
        ModelError: Nothing can be cut, a group that is asked for does not exist or is frozen, or the target cannot be
            met.
        DataError: Images or labels are missing or do not fit.
        TfcapsError: Method, options or target make no sense.

    Example:
        >>> result = tfcaps.pruning.prune(model, "l1", target={"macs": 0.5}, data=(x, y), fine_tune=2)
        >>> result.report.totals["macs"].ratio
        0.499
    """
    started = time.monotonic()
    given = {"steps": steps, "schedule": schedule}
    chosen = get(method, **options, **{name: value for name, value in given.items() if value is not None})
    how = FineTuning.read(fine_tune)
    graph = _graph(model, groups)
    cost = CostModel(graph)
    goal = Target.read(target, cost.dense)
    _check_possible(graph, cost, goal)
    images = read_images(data, model, "data")
    held_out = read_images(validation, model, "validation")
    if images is None and (how.epochs or chosen.needs_data):
        what = "fine_tune" if how.epochs else f"pruning method {chosen.name!r}"
        raise TfcapsError(f"{what} needs training images and labels: pass data=(x, y)")
    measured_on = read_images(data, model, "validation") if isinstance(data, Dataset) else held_out
    if how.epochs or images is not None:
        loss = loss_of(model, loss)
    if images is not None and (how.epochs or chosen.needs_data):
        check_loss(model, loss, images)
    if not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise TfcapsError(f"Expected seed to be an integer from 0 to 2^32 - 1, got {seed!r}")
    run = _Run(chosen, goal, how, images, held_out, measured_on, loss, progress)
    keras.utils.set_random_seed(seed)
    run.rng = np.random.default_rng(seed)
    before = run.accuracy(model)
    small, keep, pruned, notes = run.steps(model, graph, groups)
    tuned = run.accuracy(small) if how.epochs else None
    after = CostModel(ChannelGraph(small)).dense
    board = goal.board or DEFAULT_BOARD
    report = PruneReport(
        model=model.name,
        method=chosen.name,
        options=chosen.get_config(),
        target=str(goal),
        board=board,
        totals=reports.totals(cost.dense, after, board),
        accuracy=Accuracy(before, pruned, tuned),
        groups=tuple(_group_report(group, keep) for group in graph.groups),
        layers=reports.layer_reports(cost.dense, after, board),
        seconds=time.monotonic() - started,
        notes=notes,
    )
    return PruneResult(small, report, keep)


class _Run:
    """One call of `prune`, once its arguments are read."""

    def __init__(
        self,
        method: Method,
        target: Target,
        how: FineTuning,
        images: Any,
        held_out: Any,
        measured_on: Any,
        loss: Any,
        progress: Progress | None,
    ) -> None:
        self.method, self.target, self.how, self.loss, self.progress = method, target, how, loss, progress
        self.images, self.held_out, self.measured_on = images, held_out, measured_on
        self.rng = np.random.default_rng(0)

    def steps(
        self, model: Any, graph: ChannelGraph, groups: Collection[str] | None
    ) -> tuple[Any, Keep, float | None, dict[str, Any]]:
        """Prune and fine-tune by turns: the smaller model, what was kept, accuracy after the last pruning, notes."""
        keep = {group.name: np.ones(group.size, bool) for group in graph.prunable}
        small, pruned = model, None
        notes: dict[str, Any] = {}
        fractions = self.method.fractions()
        for number, fraction in enumerate(fractions):
            small = _copy(small)
            graph = _graph(small, groups)
            problem = self._problem(small, graph, self.target.part(fraction))
            small, chosen = self.method.run(problem)
            for name, mask in chosen.items():
                keep[name][np.flatnonzero(keep[name])] = mask
            notes = problem.notes
            pruned = self.accuracy(small) if number == len(fractions) - 1 else None
            self._fine_tune(small, problem, number, len(fractions))
        return small, keep, pruned, notes

    def accuracy(self, model: Any) -> float | None:
        """The part of the images that is classified right, or None."""
        if self.measured_on is None:
            return None
        x, y = self.measured_on
        problem = self._problem(model, None, self.target)
        hits = correct(Evaluator(problem).outputs(x), np.asarray(_first(y)))
        return None if hits is None else float(hits.mean())

    def _problem(self, model: Any, graph: Any, target: Target) -> Problem:
        x_train, y_train = self.images or (None, None)
        x_val, y_val = self.held_out or (None, None)
        more = {} if self.loss is None else {"loss": self.loss}
        return Problem(
            model=model,
            graph=graph,
            cost=None if graph is None else CostModel(graph),
            target=target,
            x_train=x_train,
            y_train=y_train,
            x_val=x_val,
            y_val=y_val,
            optimizer=self.how.optimizer,
            rng=self.rng,
            batch_size=self.how.batch_size,
            epochs=max(1, self.how.epochs),
            learning_rate=self.how.learning_rate,
            progress=self.progress,
            **more,
        )

    def _fine_tune(self, model: Any, problem: Problem, number: int, count: int) -> None:
        if not self.how.epochs:
            return
        what = "fine-tuning" if count == 1 else f"fine-tuning, step {number + 1} of {count}"
        train(problem, what=what, model=model, epochs=self.how.epochs, callbacks=self.how.callbacks())


def _graph(model: Any, groups: Collection[str] | None) -> ChannelGraph:
    """The model's groups, of which only those asked for can be cut.

    Raises:
        ModelError: None can be cut, or one that is asked for does not exist or cannot be cut.
    """
    graph = ChannelGraph(model)
    if groups is None:
        if graph.prunable:
            return graph
        reasons = dict.fromkeys(group.frozen or "has one item" for group in graph.groups)
        why = f": {'; '.join(reasons)}" if reasons else ""
        raise ModelError(f"prune: model {model.name!r} has no group of channels that can be cut{why}")
    if isinstance(groups, str) or not all(isinstance(name, str) for name in groups):
        raise ModelError(f"prune: expected groups to be a list of names, got {groups!r}")
    wanted = [graph.group(name) for name in groups]
    for group in wanted:
        if not group.prunable:
            why = group.frozen or f"it has {group.size} of at least {group.minimum} items"
            raise ModelError(f"prune: group {group.name!r} of model {model.name!r} cannot be cut: {why}")
    if not wanted:
        raise ModelError("prune: expected groups to name at least one group")
    return _only(graph, wanted)


def _only(graph: ChannelGraph, wanted: list[Group]) -> ChannelGraph:
    """The graph with all other groups frozen."""
    limited = copy.copy(graph)
    names = {group.name for group in wanted}
    limited.groups = tuple(
        group if group.name in names or group.frozen else replace(group, frozen="it was not asked for")
        for group in graph.groups
    )
    return limited


def _check_possible(graph: ChannelGraph, cost: CostModel, target: Target) -> None:
    """Raise ModelError if not even the smallest model meets the target."""
    least = cost.at_counts({group.name: group.minimum for group in graph.prunable})
    if not target.met(least):
        raise ModelError(
            f"prune: the target of {target} cannot be met: with every group cut as far as can be, model "
            f"{graph.model.name!r} still has {target.value(least):,.0f} ({target.ratio(least):.1%})"
        )


def _group_report(group: Group, keep: Keep) -> GroupReport:
    kept = int(keep[group.name].sum()) if group.name in keep else group.size
    return GroupReport(group.name, Change(group.size, kept), group.frozen)


def _copy(model: Any) -> Any:
    """A model of its own layers and weights."""
    return shrink(model, {})


def _first(y: Any) -> Any:
    return y[0] if isinstance(y, (list, tuple)) else y
