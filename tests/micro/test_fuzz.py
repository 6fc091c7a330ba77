"""The fuzz targets of micro/fuzz: their corpus under the host's compiler, and some seconds of libFuzzer."""

import functools
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tfcaps.micro import include_dir, source_files
from tfcaps.micro.build import WARNINGS, compiler

FUZZ = include_dir().parent / "fuzz"
CORPUS = FUZZ / "corpus"
TARGETS = ("options", "capsules", "convolutions", "nn")
# The C that the kernels choose for a processor, chosen on the host.
PROCESSORS = {
    "host": (),
    "cortex_m0": ("-D__thumb__", "-DTFCAPS_PLAIN_C"),
    "cortex_m": ("-D__arm__", "-D__thumb__", "-D__thumb2__", "-DTFCAPS_PLAIN_C"),
}
RUNS = {  # target, bits of a pointer, processor: seconds; together half a minute
    ("options", 64, "host"): 3,
    ("options", 32, "host"): 2,
    ("capsules", 64, "host"): 3,
    ("capsules", 64, "cortex_m"): 3,
    ("capsules", 32, "host"): 3,
    ("convolutions", 64, "host"): 3,
    ("convolutions", 64, "cortex_m0"): 3,
    ("convolutions", 64, "cortex_m"): 3,
    ("convolutions", 32, "host"): 2,
    ("nn", 64, "host"): 3,
    ("nn", 64, "cortex_m"): 2,
    ("nn", 32, "host"): 2,
}
CLANG = "clang-19"
SANITIZERS = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
# A check in the kernels, what to put in its place, and the target that has to notice.
DEFECTS = {
    "an offset behind the options": ("tfcaps_flex_map.c", "if (offset > position)", "if (0)", "options"),
    "scratch that is too small": ("tfcaps_capsule_dense_passes_s8.c", "context->size < need ||", "", "capsules"),
    "a slice behind the end": ("tfcaps_strided_slice_s8.c", "|| last >= input_shape->size[n]", "", "nn"),
    "a slice that there is not": ("tfcaps_gather_s8.c", "|| params->indices[n] >= params->size", "", "nn"),
    "an output written too early": ("tfcaps_pad_s8.c", "padded.size[n] = (int32_t)size;", "{0} output[0] = 0;", "nn"),
}


def targets():
    return sorted(path.stem.removeprefix("fuzz_") for path in FUZZ.glob("fuzz_*.c"))


def run(command, **kwargs):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **kwargs)


def builds(command):
    """Whether a fuzz target that does nothing can be built."""
    text = "int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return !d && n; }\n"
    with tempfile.TemporaryDirectory() as folder:
        if "-fsanitize=fuzzer" not in command:
            text += "int main(void) { return LLVMFuzzerTestOneInput(0, 0); }\n"
        return run([*command, "-x", "c", "-", "-o", Path(folder, "probe")], input=text).returncode == 0


@functools.cache
def fuzzer(bits):
    """The command that compiles a fuzz target; skips where there is none."""
    command = [CLANG, f"-m{bits}", *SANITIZERS, "-fsanitize=fuzzer"]
    if shutil.which(CLANG) is None:
        pytest.skip(f"{CLANG} is not installed: apt-get install clang-19 libclang-rt-19-dev")
    if not builds(command):
        package = "g++-multilib" if bits == 32 else "libclang-rt-19-dev"
        pytest.skip(f"{CLANG} -m{bits} finds no libFuzzer or libraries for it: apt-get install {package}")
    return command


def compiled(command, sources, folder):
    """The object files of some C files."""
    folder.mkdir(parents=True, exist_ok=True)
    includes = [f"-I{include_dir()}", f"-I{source_files()[0].parent}"]
    built = run([*command, *WARNINGS, "-Werror", *includes, "-c", *sources], cwd=folder)
    assert built.returncode == 0, built.stderr
    return [folder / f"{path.stem}.o" for path in sources]


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Links a target for a compiler's command, with other C files in place of kernels where they are given."""
    folder = tmp_path_factory.mktemp("fuzz")

    @functools.cache
    def kernels(command, processor):
        here = folder / str(abs(hash((command, processor))))
        objects = compiled([*command, *PROCESSORS[processor]], source_files(), here / "kernels")
        own_main = [] if "-fsanitize=fuzzer" in command else [FUZZ / "replay.c"]
        return objects + compiled(command, [FUZZ / "fuzz.c", *own_main], here)

    def link(command, target, program, instead=(), processor="host"):
        own = compiled(command, [FUZZ / f"fuzz_{target}.c", *instead], program.with_suffix(".objects"))
        names = {path.name for path in own}
        others = [path for path in kernels(tuple(command), processor) if path.name not in names]
        linked = run([*command, *own, *others, "-o", program])
        assert linked.returncode == 0, linked.stderr
        return program

    return link


def fuzz(program, target, tmp_path, seconds):
    """Runs libFuzzer from the corpus on; what it finds new stays in tmp_path."""
    (tmp_path / "found").mkdir()
    # No limit of the resident set: its peak is inherited from this process, which may have loaded TensorFlow.
    options = [f"-max_total_time={seconds}", "-seed=1", "-max_len=512", "-timeout=60"]
    options += ["-rss_limit_mb=0", "-malloc_limit_mb=512"]
    if (FUZZ / f"{target}.dict").exists():
        options.append(f"-dict={FUZZ / f'{target}.dict'}")
    return run([program, *options, tmp_path / "found", CORPUS / target], cwd=tmp_path)


def test_every_public_function_is_fuzzed():
    headers = "".join(path.read_text() for path in include_dir().rglob("*.h"))
    public = set(re.findall(r"^tfcaps_status (tfcaps_\w+)\(", headers, flags=re.MULTILINE))
    assert len(public) > 25
    called = set(re.findall(r"tfcaps_\w+", "".join(path.read_text() for path in FUZZ.glob("fuzz_*.c"))))
    assert public <= called


def test_every_target_has_a_small_corpus():
    assert set(targets()) == set(TARGETS) == {path.name for path in CORPUS.iterdir()}
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert 50 < len(files) < 150
    assert sum(path.stat().st_size for path in files) < 10_000


@pytest.mark.parametrize("target", TARGETS)
def test_corpus(target, build, tmp_path):
    command = [*compiler(), *SANITIZERS]
    if not builds(command):
        pytest.skip("the compiler has no sanitizers")
    program = build(command, target, tmp_path / "replay")
    files = sorted((CORPUS / target).iterdir())
    result = run([program, *files])
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"{len(files)} files\n"


@pytest.mark.parametrize(("target", "bits", "processor"), RUNS)
def test_fuzz(target, bits, processor, build, tmp_path):
    program = build(fuzzer(bits), target, tmp_path / "fuzz", processor=processor)
    result = fuzz(program, target, tmp_path, RUNS[target, bits, processor])
    assert result.returncode == 0, result.stderr[-5000:]
    assert int(re.search(r"Done (\d+) runs", result.stderr)[1]) > 1000


@pytest.mark.parametrize("name", DEFECTS)
def test_defects_are_found(name, build, tmp_path):
    file, check, instead, target = DEFECTS[name]
    text = (source_files()[0].parent / file).read_text()
    assert text.count(check) == 1
    (tmp_path / file).write_text(text.replace(check, instead.format(check)))
    result = fuzz(build(fuzzer(64), target, tmp_path / "fuzz", [tmp_path / file]), target, tmp_path, 60)
    assert result.returncode != 0
    assert any(word in result.stderr for word in ("AddressSanitizer", "runtime error", "fuzz: "))
