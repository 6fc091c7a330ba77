"""The stack that every public function of the kernels needs at most, from what the compiler writes down.

    python benchmarks/stack_usage.py

GCC says for each function how large its frame is and whom it calls (-fstack-usage, -fcallgraph-info); the sum along
the deepest path is a bound that no run can exceed. Functions of the C library (memcpy, memset) are not in it. A frame
whose size is only known at run time (a variable-length array, alloca) or a function that may call itself ends it.
"""

from __future__ import annotations

import dataclasses
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import report
from update_readme import filled

from tfcaps.micro import include_dir, source_files
from tfcaps.micro.boards import BOARDS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "c_quality.md"
TARGETS = ("cortex-m0", "cortex-m4", "rv32imac")
LIBRARY = frozenset({"memcpy", "memset", "memmove", "memcmp", "strlen"})
# Arithmetic that a processor lacks, from the compiler's own library: __aeabi_lmul, __divdi3, ...
_COMPILER_LIBRARY = re.compile(r"__\w+")
# Calls through a pointer, by the function that makes them: what the names of the called ones end in.
INDIRECT: dict[str, tuple[str, ...]] = {
    "tfcaps_binary": ("_row",),
    "tfcaps_capsule_dense_passes_s8": (
        "_votes",
        "_votes_of_4",
        "_coupled",
        "_votes_paired",
        "_coupled_paired",
        "_kept_paired",
        "suits",
        "_kept_get_buffer_size",
    ),
    "tfcaps_depthwise_run": ("_weights",),
}
_NODE = re.compile(r'node: \{ title: "([^"]+)" label: "(?:[^"\\]|\\.)*?(?:\\n(\d+) bytes \(([^)]*)\))?"')
# Of a disassembly: where a function begins, and the instructions that take stack. The compiler counts nothing for a
# function that is one piece of assembly.
_BEGIN = re.compile(r"^[0-9a-f]+ <(\w+)>:$")
_TAKEN = re.compile(
    r"\baddi?\s+sp,\s*sp,\s*-(\d+)|\bsubw?(?:\.w)?\s+sp,\s*(?:sp,\s*)?#(\d+)|(?:push|stmdb\s+sp!,)\s*{([^}]*)}"
)
_EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')


@dataclasses.dataclass
class Function:
    """One function: its frame in bytes, how the compiler knows it, and whom it calls."""

    frame: int
    kind: str
    calls: set[str] = dataclasses.field(default_factory=set)


class UnboundedError(Exception):
    """A stack that has no bound that the compiler knows."""


def functions(target: str, sources: Sequence[Path]) -> dict[str, Function]:
    """Every function of some C files as it is compiled for a target."""
    board = BOARDS[target]
    found: dict[str, Function] = {}
    with tempfile.TemporaryDirectory() as folder:
        command = [board.toolchain.compiler, *board.toolchain.flags, *board.flags, "-std=c99", "-O3", "-c"]
        command += ["-fstack-usage", "-fcallgraph-info=su", f"-I{include_dir()}", *map(str, sources)]
        subprocess.run(command, cwd=folder, check=True)
        graphs = [(Path(folder) / f"{path.stem}.ci").read_text() for path in sources]
        objdump = board.toolchain.compiler.removesuffix("gcc") + "objdump"
        disassemble = [objdump, "-d", "--no-show-raw-insn", *(f"{path.stem}.o" for path in sources)]
        taken = _taken(subprocess.run(disassemble, cwd=folder, check=True, capture_output=True, text=True).stdout)
    for graph in graphs:
        for name, size, kind in _NODE.findall(graph):
            if size:
                found[name] = Function(int(size) or taken.get(name, 0), kind)
    for graph in graphs:
        for caller, called in _EDGE.findall(graph):
            found[caller].calls.add(called)
    return found


def _taken(disassembly: str) -> dict[str, int]:
    """Bytes of stack that the instructions of every function take, all of them together."""
    taken: dict[str, int] = {}
    name = ""
    for line in disassembly.splitlines():
        if begin := _BEGIN.match(line):
            name = begin[1]
        elif found := _TAKEN.search(line):
            *sizes, registers = found.groups()
            taken[name] = taken.get(name, 0) + sum(int(size) for size in sizes if size)
            taken[name] += 4 * len(registers.split(",")) if registers else 0
    return taken


def bound(name: str, found: dict[str, Function], path: tuple[str, ...] = ()) -> int:
    """Bytes that a call of the function takes at most.

    Raises:
        UnboundedError: A frame has no fixed size, a function may call itself, or nobody knows who is called.
    """
    if name in path:
        raise UnboundedError(f"{name} may call itself: {' -> '.join((*path, name))}")
    if name not in found:
        if name in LIBRARY or _COMPILER_LIBRARY.fullmatch(name):
            return 0
        raise UnboundedError(f"{path[-1] if path else 'the table'} calls {name}, which is not among the kernels")
    function = found[name]
    if function.kind != "static":
        raise UnboundedError(f"the frame of {name} is {function.kind}, so its size depends on values")
    calls = function.calls - {"__indirect_call"}
    if "__indirect_call" in function.calls:
        endings = INDIRECT.get(name.rsplit(":", 1)[-1])  # a static function has its file before its name
        if endings is None:
            raise UnboundedError(f"{name} calls through a pointer; tell INDIRECT what")
        calls |= {other for other in found if other.endswith(endings)}
    return function.frame + max((bound(called, found, (*path, name)) for called in calls), default=0)


def public_functions() -> list[str]:
    """The functions that the headers declare, in their order."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(include_dir().rglob("*.h")))
    return re.findall(r"^tfcaps_status (tfcaps_\w+)\(", text, flags=re.MULTILINE)


def bounds(target: str) -> dict[str, int]:
    """The bound of every public function."""
    found = functions(target, source_files())
    return {name: bound(name, found) for name in public_functions()}


def main() -> None:
    """Writes benchmarks/results/stack_usage.md and its table in docs/c_quality.md."""
    table = {target: bounds(target) for target in TARGETS}
    rows = [[f"`{name}`", *(table[target][name] for target in TARGETS)] for name in public_functions()]
    rows.append(["the most", *(max(table[target].values()) for target in TARGETS)])
    notes = (
        "Compiled as `tfcaps bench` does, with GCC and -O3. Not in it: memcpy, memset and strlen of the C library,\n"
    )
    notes += "the compiler's functions for arithmetic that the processor lacks, and the interrupts of your program."
    report.write("stack_usage", "Stack of the kernels: bytes at most", ["function", *TARGETS], rows, notes)
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
