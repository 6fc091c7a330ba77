"""The C and C++ of the capsule operators, as files of a project."""

from __future__ import annotations

import re
from pathlib import Path

from tfcaps import micro

_BUILTIN = "tfcaps/nn.h"  # who includes it computes builtin operators, which the runtime does itself
_INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def operator_sources() -> dict[str, bytes]:
    """Glue, kernels and headers by path, laid out as in micro/: what a project compiles beside the runtime."""
    root = micro.include_dir().parent
    paths = {path for path in (root / "tflm").iterdir() if path.is_file()}
    paths |= {root / "include" / "tfcaps" / "kernels.h", root / "include" / "tfcaps" / "options.h"}
    for source in micro.source_files():
        included = _included(source, root)
        if root / "include" / _BUILTIN not in included:
            paths |= {source, *included}
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(paths)}


def _included(source: Path, root: Path) -> set[Path]:
    """The headers of ours that a source includes, directly or not."""
    found: set[Path] = set()
    queue = [source]
    while queue:
        for name in _INCLUDE.findall(queue.pop().read_text("utf-8")):
            places = (root / "src" / name, root / "include" / name)
            header = next((path for path in places if path.is_file()), None)
            if header is not None and header not in found:  # else a library's that the user may bring
                found.add(header)
                queue.append(header)
    return found
