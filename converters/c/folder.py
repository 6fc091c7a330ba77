"""A folder of generated files: either all of them are there, or nothing has changed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tfcaps.errors import TfcapsError


def check_folder(folder: Path) -> None:
    """Complains now about a folder that could not be written.

    Raises:
        TfcapsError: It is a file, its parent does not exist, or it is not writable.
    """
    parent = folder.parent
    if folder.exists() and not folder.is_dir():
        raise TfcapsError(f"{folder}: is a file, expected a folder to write into")
    if not parent.is_dir():
        raise TfcapsError(f"{folder}: the folder {parent} does not exist")
    if not os.access(folder if folder.exists() else parent, os.W_OK):
        raise TfcapsError(f"{folder}: is not writable")


def write_folder(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Writes all files, by their paths in the folder; others that lie there stay.

    Everything is written beside the folder first and moved when it is complete.
    """
    check_folder(folder)
    for name in files:
        if (folder / name).is_dir():
            raise TfcapsError(f"{folder / name}: is a folder, expected a file to replace")
    place = folder if folder.exists() else folder.parent  # of the same file system in any case
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=place))
    try:
        for name, content in files.items():
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        part.chmod(0o755)
        if not folder.exists():
            part.rename(folder)
            return
        for name in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(part / name, folder / name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
