"""Names for things a user chooses by name: routings, models, data sets, methods, simulated and converted ops.

    ROUTINGS: Registry[type[Routing]] = Registry("routing")

    @ROUTINGS.register("dynamic")
    class Dynamic(Routing): ...

    ROUTINGS["dynamic"]

A new entry is one file that registers itself; the package's ``__init__`` imports the file.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from tfcaps.errors import TfcapsError

T = TypeVar("T")


class Registry(Generic[T]):
    """A mapping from names to entries whose look-up failure lists what there is."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """A decorator that enters its argument under `name`; a name can be taken once."""

        def enter(entry: T) -> T:
            if name in self._entries:
                raise KeyError(f"{self.kind} {name!r} is registered already")
            self._entries[name] = entry
            return entry

        return enter

    def __getitem__(self, name: str) -> T:
        try:
            return self._entries[name]
        except KeyError:
            close = difflib.get_close_matches(str(name), self._entries, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise TfcapsError(f"unknown {self.kind} {name!r}: expected one of {', '.join(self)}{hint}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))
