"""Every C file of the devices compiles without a warning for every board; the host's are in tests/micro."""

import subprocess

from on_boards import every_board

from tfcaps.micro import include_dir, source_files
from tfcaps.micro.build import WARNINGS

MICRO = include_dir().parent
STUBS = MICRO.parent / "tools" / "c_stubs" / "model"  # what a build generates for run_model.c


@every_board
def test_no_warnings(board, tmp_path):
    chain, common = board.toolchain, MICRO / "boards" / "c"
    entries = {path.name for path in common.glob("entry_*.c")} - {chain.entry}
    sources = [*source_files(), *sorted(path for path in common.glob("*.c") if path.name not in entries)]
    assert len(sources) > 30
    command = [chain.compiler, *chain.flags, *board.flags, *WARNINGS, "-Werror", "-O3", "-c"]
    includes = [f"-I{folder}" for folder in (include_dir(), common, STUBS)]
    said = subprocess.run([*command, *includes, *map(str, sources)], cwd=tmp_path, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
