"""What a project may be called: a name that is free in C++ and in CMake."""

from __future__ import annotations

import re

from tfcaps.errors import TfcapsError

_RESERVED = """
    alignas alignof and asm auto bool break case catch char class const constexpr continue decltype default delete do
    double else enum explicit export extern false float for friend goto if inline int long mutable namespace new
    noexcept not nullptr operator or private protected public register return short signed sizeof static struct switch
    template this throw true try typedef typeid typename union unsigned using virtual void volatile while xor

    arena main std tflite tfcaps tfcaps_kernels tfcaps_tflm

    all clean edit_cache help install rebuild_cache test
"""
_TAKEN = frozenset(_RESERVED.split())


def check_name(name: str) -> None:
    """Whether files and a C++ namespace may be called that.

    Raises:
        TfcapsError: They may not.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or name in _TAKEN or len(name) > 64:
        raise TfcapsError(f"Expected a C++ name in lower case that is free, such as digits_v2, got {name!r}")


def name_from(stem: str) -> str:
    """A name that `check_name` accepts, from that of a file."""
    name = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")[:50].strip("_")
    return name if re.match(r"[a-z]", name) and name not in _TAKEN else f"model_{name}".rstrip("_")
