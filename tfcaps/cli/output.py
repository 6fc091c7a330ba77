"""Output files: either whole or not there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from tfcaps.errors import TfcapsError


def check(path: Path, *suffixes: str) -> None:
    """Complain now, not after an hour of training.

    Args:
        path: To be written.
        suffixes: What its name may end in.

    Raises:
        TfcapsError: If the file could not be written, or is called otherwise than such files are.
    """
    if path.suffix not in suffixes:
        raise TfcapsError(f"{path}: expected the output's name to end in {' or '.join(suffixes)}")
    folder = path.parent
    if not folder.is_dir():
        raise TfcapsError(f"{path}: the folder {folder} does not exist")
    if path.is_dir():
        raise TfcapsError(f"{path}: is a folder")
    if not os.access(folder, os.W_OK):
        raise TfcapsError(f"{path}: the folder {folder} is not writable")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Within the block write to the path that it yields; afterwards that file takes the place of `path`.

    Whatever ends the block early, the old `path` stays and nothing else is left in the folder.

    Raises:
        TfcapsError: If the operating system does not let the file be written.
    """
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        raise TfcapsError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        part.unlink(missing_ok=True)
