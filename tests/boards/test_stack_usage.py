"""How much stack the kernels take: bounded, small, and no function that calls itself."""

import importlib.util
import sys

import pytest
from on_boards import any_board

from tfcaps.micro import include_dir

MOST = 1100  # bytes, for every public function; docs/c_quality.md says so


@pytest.fixture(scope="module")
def stack_usage():
    path = include_dir().parents[1] / "benchmarks" / "stack_usage.py"
    spec = importlib.util.spec_from_file_location("stack_usage", path)
    sys.modules["stack_usage"] = module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(module)
    return module


@any_board
def test_every_kernel_has_a_bound(board, stack_usage):
    bounds = stack_usage.bounds(board.name)
    assert {"tfcaps_conv_2d_s8", "tfcaps_capsule_dense_s8", "tfcaps_squash_options"} <= set(bounds)
    worst = max(bounds, key=bounds.get)
    print(f"{board.name}: at most {bounds[worst]} bytes of stack, in {worst}")
    assert 0 < bounds[worst] <= MOST
    add = stack_usage.functions(board.name, stack_usage.source_files())["tfcaps_add_s8"].frame
    assert bounds["tfcaps_add_s8"] > add + 100  # the way goes through tfcaps_binary to a row


BAD = {
    "its size depends on values": "int a(int n) { volatile char text[n]; text[0] = 1; return text[0]; }",
    "may call itself": "int a(int n) { return n < 2 ? n : a(n - 1) * a(n - 2) + 3; }",
    "not among the kernels": "int elsewhere(int n); int a(int n) { return elsewhere(n) + 1; }",
    "calls through a pointer": "int a(int (*call)(int)) { return call(3) + 1; }",
}


@any_board
@pytest.mark.parametrize("why", BAD)
def test_what_has_no_bound(board, why, stack_usage, tmp_path):
    (tmp_path / "bad.c").write_text(BAD[why] + "\n")
    found = stack_usage.functions(board.name, [tmp_path / "bad.c"])
    with pytest.raises(stack_usage.UnboundedError, match=why):
        stack_usage.bound("a", found)
