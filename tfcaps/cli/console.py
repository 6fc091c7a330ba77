"""Everything that is printed: tables and JSON on standard output, progress and errors on standard error."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tfcaps.errors import TfcapsError

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH_OF_A_FILE = 200


def printable(text: object) -> str:
    """`text` in one line, without characters that a hostile file could steer a terminal with."""
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(str(text).split()))


def error(message: str) -> None:
    """The one line that a failing command leaves behind."""
    print(f"tfcaps: error: {printable(message)}", file=sys.stderr)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name before the message of an error in the block that does not name it."""
    try:
        yield
    except TfcapsError as error:
        if str(path) in str(error):
            raise
        raise type(error)(f"{path}: {error}") from None


def print_json(value: Any) -> None:
    """One JSON document; numbers that JSON cannot say become null."""
    print(json.dumps(_plain(value), indent=2, allow_nan=False))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], whole: str = "") -> None:
    """A table; numbers are right-aligned, and the column called `whole` stays in one line when space is short."""
    from rich.table import Table

    cells = [list(row) for row in rows]
    table = Table(title=printable(title), title_justify="left")
    for k, column in enumerate(columns):
        numbers = bool(cells) and all(isinstance(row[k], (int, float)) for row in cells)
        justify: Literal["left", "right"] = "right" if numbers else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=column == whole)
    for row in cells:
        table.add_row(*[_cell(value) for value in row])
    _console(sys.stdout).print(table)


def print_pairs(title: str, pairs: Iterable[tuple[str, object]]) -> None:
    """A table of names and values."""
    from rich.table import Table

    table = Table(title=printable(title), title_justify="left", show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(name, _cell(value))
    _console(sys.stdout).print(table)


@contextlib.contextmanager
def stages(description: str) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on standard error, if that is a terminal, for work of several kinds one after the other.

    Yields:
        A function ``show(what, done, total)``: what is being done and how far it is.
    """
    with progress(description, 1) as show:

        def stage(what: str, done: int, total: int) -> None:
            show(done, total=total, description=f"{description}: {what}")

        yield stage


@contextlib.contextmanager
def progress(description: str, total: int) -> Iterator[Callable[..., None]]:
    """A progress bar on standard error, if that is a terminal.

    Yields:
        A function ``show(done, note="")``: how much is done, and what to say beside the bar.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    screen = _console(sys.stderr)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=screen, disable=not screen.is_terminal, transient=True) as bar:
        task = bar.add_task(description, total=total, note="")

        def show(done: int, note: str = "", **more: Any) -> None:
            bar.update(task, completed=done, note=note, **more)

        yield show


@contextlib.contextmanager
def busy(description: str) -> Iterator[None]:
    """A sign of life on standard error, if that is a terminal, for work whose length nobody knows."""
    screen = _console(sys.stderr)
    with screen.status(printable(description)) if screen.is_terminal else contextlib.nullcontext():
        yield


def _console(stream: Any) -> Console:
    from rich.console import Console

    screen = Console(file=stream, markup=False, highlight=False, emoji=False)
    if not screen.is_terminal:
        screen.width = _WIDTH_OF_A_FILE
    return screen


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}"
    return printable(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
