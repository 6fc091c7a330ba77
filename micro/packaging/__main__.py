"""`python -m tfcaps.micro.packaging`: see the package."""

from __future__ import annotations

import sys
from pathlib import Path

from tfcaps.micro import packaging


def main(arguments: list[str]) -> int:
    """Write what is asked for; 2 and one line for anything else."""
    if arguments == ["pack"]:
        packaging.PACK.write_text(packaging.pack_description(), "utf-8")
        print(packaging.PACK)
    elif len(arguments) == 2 and arguments[0] == "arduino":
        folder = Path(arguments[1])
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            print(f"tfcaps: {folder}: expected a new or empty folder", file=sys.stderr)
            return 2
        packaging.arduino_library(folder)
        print(folder)
    else:
        print("tfcaps: expected: python -m tfcaps.micro.packaging pack | arduino FOLDER", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
