"""Which of the kernels' C files a program needs, found by the names they define and use.

A name that several files define has variants for several processors: a program gets all of them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path

from tfcaps.micro import include_dir, source_files

_NAME = re.compile(r"\btfcaps_\w+")
_DEFINITION = re.compile(r"^(?!static\b|extern\b|typedef\b)\w[\w\s*]*?\b(tfcaps_\w+)\s*(?:\(|\[|=)", re.MULTILINE)
_DECLARED = re.compile(r"\b(tfcaps_\w+)\(")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def needed_files(text: str) -> dict[str, bytes]:
    """The headers and sources behind the kernels that C text calls, and behind those in turn.

    Args:
        text: C.

    Returns:
        Contents by name, all for one folder: "kernels.h", "nn.h", "tfcaps_conv_2d_s8.c", private headers.
    """
    defined_in = _definitions()
    found: dict[str, bytes] = {}
    waiting = list(_texts_for(text, defined_in))
    while waiting:
        path = waiting.pop()
        if path.name not in found:
            found[path.name] = path.read_bytes()
            waiting += _texts_for(path.read_text(), defined_in, path.parent)
    return dict(sorted(found.items()))


def public_headers(text: str) -> list[str]:
    """The headers, as they are included, that declare the kernels which C text calls."""
    called = set(_NAME.findall(text))
    return [
        f"tfcaps/{path.name}"
        for path in sorted((include_dir() / "tfcaps").glob("*.h"))
        if called & set(_DECLARED.findall(_COMMENT.sub("", path.read_text())))
    ]


def _texts_for(text: str, defined_in: dict[str, list[Path]], folder: Path | None = None) -> Iterable[Path]:
    for name in _INCLUDE.findall(text):
        beside = folder / name if folder is not None else None
        for path in (beside, include_dir() / name):
            if path is not None and path.is_file():
                yield path
                break
    if folder is None or folder != include_dir() / "tfcaps":  # public headers declare more than is used
        for name in _NAME.findall(_COMMENT.sub("", text)):
            yield from defined_in.get(name, ())


@functools.cache
def _definitions() -> dict[str, list[Path]]:
    """Functions and constants with external linkage: the files of each name."""
    found: dict[str, list[Path]] = {}
    for path in source_files():
        for name in _DEFINITION.findall(_COMMENT.sub("", path.read_text())):
            found.setdefault(name, []).append(path)
    return found
