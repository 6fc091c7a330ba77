"""Output folders: either whole or not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tfcaps.errors import TfcapsError

MARKER = "tfcaps.json"  # says that a folder is ours to replace


def check_folder(path: str | os.PathLike[str], *, force: bool = False) -> Path:
    """Complain before any work is done.

    Args:
        path: The folder to be written.
        force: Whether a folder that was written here before may be replaced.

    Returns:
        The path with its symbolic links resolved.

    Raises:
        TfcapsError: If the folder could not be written, or holds what is not ours.
    """
    target = Path(path).resolve()
    if target.exists() and not target.is_dir():
        raise TfcapsError(f"{path}: is a file")
    if not target.parent.is_dir():
        raise TfcapsError(f"{path}: the folder {target.parent} does not exist")
    if not os.access(target.parent, os.W_OK):
        raise TfcapsError(f"{path}: the folder {target.parent} is not writable")
    if Path.cwd().is_relative_to(target):
        raise TfcapsError(f"{path}: expected another folder than the current one or those above it")
    if target.is_dir() and any(target.iterdir()):
        if not force:
            raise TfcapsError(f"{path}: is not empty (--force replaces what was deployed there before)")
        if not (target / MARKER).is_file():
            raise TfcapsError(f"{path}: is not empty and was not written by tfcaps deploy")
    return target


def write_folder(path: str | os.PathLike[str], files: Mapping[str, bytes], *, force: bool = False) -> None:
    """Write files into a new or empty folder.

    Args:
        path: The folder.
        files: Contents by relative path, with `MARKER` among them.
        force: Replace a folder that was written here before, with everything in it.

    Raises:
        TfcapsError: If `check_folder` does.
    """
    target = check_folder(path, force=force)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    try:
        for name, content in files.items():
            file = part / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        if target.exists():
            os.replace(target, old)
        try:
            os.replace(part, target)
        except BaseException:
            if old.exists():
                os.replace(old, target)
            raise
    finally:
        for leftover in (part, old):
            shutil.rmtree(leftover, ignore_errors=True)
