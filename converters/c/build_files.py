"""What lets the generated folder build: a CMakeLists.txt, and a fragment for make."""

from __future__ import annotations

from collections.abc import Sequence


def text_of_cmake(name: str, sources: Sequence[str], processor: str | None) -> str:
    """CMakeLists.txt: a static library of the program."""
    listed = "\n".join(f"  {source}" for source in sources)
    return f"""# A library of the network {name}{_target(processor)}; add_subdirectory() this folder and link {name}.
cmake_minimum_required(VERSION 3.13)
project({name} C)

add_library({name} STATIC
{listed}
)
target_include_directories({name} PUBLIC ${{CMAKE_CURRENT_SOURCE_DIR}})
set_target_properties({name} PROPERTIES C_STANDARD 99 C_EXTENSIONS OFF)
"""


def text_of_make(name: str, sources: Sequence[str], processor: str | None) -> str:
    """name.mk: what to compile, for a Makefile that includes it."""
    variable = name.upper()
    listed = " \\\n".join(f"  $({variable}_DIR)/{source}" for source in sources)
    return f"""# The network {name}{_target(processor)}.
# Set {variable}_DIR to this folder unless make runs in it, include this file, and compile
# $({variable}_SOURCES) with -I$({variable}_DIR).
{variable}_DIR ?= .
{variable}_SOURCES = \\
{listed}
"""


def _target(processor: str | None) -> str:
    return "" if processor is None else f", laid out for {processor}"
