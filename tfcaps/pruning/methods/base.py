"""What a pruning method is: a class with a name that decides which items of each group stay."""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from tfcaps.errors import TfcapsError
from tfcaps.pruning.methods.problem import Problem
from tfcaps.pruning.methods.steps import check_steps, fractions
from tfcaps.registry import Registry

METHODS: Registry[type[Method]] = Registry("pruning method")

Keep = dict[str, np.ndarray]
"""Which items stay: a boolean array [size] for each group that has a say in it, by the group's name."""


class Method(ABC):
    """Base of the pruning methods.

    A method is used in this order; `run` does it, and only `select` has to be written:

    1. `prepare` may train ``problem.model`` in place (it is a copy of the user's model), with a penalty or with masks.
    2. `select` chooses the items that stay, so that the target is met.
    3. The model is shrunk.
    4. `finish` may correct the small model: statistics of its batch normalisation, fresh weights.

    A subclass registers itself with ``@METHODS.register("name")``, takes its options as keyword arguments and stores
    them under the same names, as `get_config` expects. It keeps no state of a run: what is worth showing goes to
    ``problem.notes``.

    Args:
        steps: How often to prune and fine-tune by turns on the way to the target.
        schedule: How far each of these steps goes, see `tfcaps.pruning.methods.steps.fractions`.

    Raises:
        TfcapsError: For options that make no sense.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    """One line for a list of methods."""
    source: ClassVar[str]
    """The paper, or "baseline"."""
    needs_data: ClassVar[bool] = False
    """Whether ``problem`` must hold training images and labels."""
    from_scratch: ClassVar[bool] = False
    """Whether the small model starts with fresh weights and so needs a whole training, not a fine-tuning."""

    def __init__(self, *, steps: int = 1, schedule: Any = "cubic") -> None:
        check_steps(steps, schedule)
        self.steps = steps
        self.schedule = schedule

    def prepare(self, problem: Problem) -> Any:
        """Train ``problem.model`` in place before anything is chosen, if the method does so; returns that model."""
        return problem.model

    @abstractmethod
    def select(self, problem: Problem) -> Keep:
        """The items that stay, with the target met.

        Raises:
            ModelError: If the target cannot be met.
        """

    def finish(self, model: Any, problem: Problem) -> Any:
        """The shrunken model as it should be handed on; by default as it is."""
        return model

    def run(self, problem: Problem) -> tuple[Any, Keep]:
        """Prune once: the smaller model, and which items stayed.

        Raises:
            ModelError: If the target cannot be met.
            DataError: If the method needs images and labels and there are none.
        """
        from tfcaps.pruning.shrink import shrink

        if self.needs_data:
            problem.require_data(self.name)
        self.prepare(problem)
        keep = self.select(problem)
        return self.finish(shrink(problem.model, keep, problem.graph), problem), keep

    def fractions(self) -> list[float]:
        """The part of the whole reduction that is done after each step; the last one is 1."""
        return fractions(self.steps, self.schedule)

    @classmethod
    def options(cls) -> dict[str, Any]:
        """The keyword arguments of the constructor and their defaults."""
        found: dict[str, Any] = {}
        for ancestor in cls.__mro__:
            if "__init__" in vars(ancestor) and issubclass(ancestor, Method):
                for parameter in inspect.signature(vars(ancestor)["__init__"]).parameters.values():
                    if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                        found.setdefault(parameter.name, parameter.default)
        return found

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {name: getattr(self, name) for name in self.options()}

    def __repr__(self) -> str:
        arguments = ", ".join(f"{k}={v!r}" for k, v in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


def get(identifier: str | dict[str, Any] | Method, **options: Any) -> Method:
    """A method from its name and options, its serialised form or itself.

    Raises:
        TfcapsError: If there is no such method, or it has no such option.
    """
    if isinstance(identifier, Method):
        if options:
            raise TfcapsError(
                f"Expected the options of {identifier.name!r} in the object, got {', '.join(options)} beside it"
            )
        return identifier
    if isinstance(identifier, dict) and "name" in identifier:
        return get(identifier["name"], **{**identifier.get("config", {}), **options})
    if not isinstance(identifier, str):
        raise TfcapsError(f"Expected a pruning method to be a name, a config or a Method, got {identifier!r}")
    method = METHODS[identifier]
    known = method.options()
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise TfcapsError(
            f"pruning method {identifier!r} has no option {unknown[0]!r}: expected one of {', '.join(sorted(known))}"
        )
    return method(**options)


def serialize(method: Method) -> dict[str, Any]:
    """The form that `get` reads back: a dict of plain values, but for a schedule object."""
    return {"name": method.name, "config": method.get_config()}


def check_choice(method: str, option: str, value: Any, choices: tuple[Any, ...]) -> None:
    """Raise TfcapsError unless the value of an option is one of its choices."""
    if value not in choices:
        raise TfcapsError(f"{method}: expected {option} to be one of {', '.join(map(str, choices))}, got {value!r}")


def check_number(method: str, option: str, value: Any, low: float, high: float = float("inf")) -> None:
    """Raise TfcapsError unless the value of an option is a number in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high or value == math.inf:
        raise TfcapsError(f"{method}: expected {option} to be a number from {low:g} to {high:g}, got {value!r}")


def check_count(method: str, option: str, value: Any, low: int = 1) -> None:
    """Raise TfcapsError unless the value of an option is an integer of at least `low`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise TfcapsError(f"{method}: expected {option} to be an integer of at least {low}, got {value!r}")
