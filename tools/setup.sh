#!/bin/sh
# Makes .venv ready: Python 3.11, the pinned packages, tfcaps itself with its C libraries.
#
#   tools/setup.sh          all that the package, its demo and its tests need
#   tools/setup.sh lint     clang-format, clang-tidy and cppcheck as well
#   tools/setup.sh boards   compilers and emulators of microcontrollers as well; without them it says what stays untested
#
# What is missing it asks apt-get for when it may, and otherwise prints the line to type. Checksums kept in .venv tell
# what is installed already, so a second run takes a moment.
set -eu
cd "$(dirname "$0")/.."
venv=.venv
images=/usr/share/datasets/fashion-mnist

say() { printf 'setup: %s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

# debian PACKAGE...: install Debian packages; where that is not allowed print the line that does it, and return 1.
debian() {
    if ! command -v apt-get >/dev/null; then
        say "missing: $* (so called in Debian; this system has no apt-get)"
        return 1
    fi
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif sudo -n true 2>/dev/null; then
        as_root=sudo
    else
        say "missing, please type:  sudo apt-get install -y --no-install-recommends $*"
        return 1
    fi
    say "apt-get install $*"
    get="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq"
    $get install -y --no-install-recommends "$@" >&2 || { $get update >&2 && $get install -y --no-install-recommends "$@" >&2; }
}

# suits PYTHON: is it a Python 3.11 that can make virtual environments? (Debian packs ensurepip apart.)
suits() {
    command -v "$1" >/dev/null &&
        "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null
}

find_python() {
    for name in ${PYTHON:-} python3.11 python3 python /usr/bin/python3.11; do
        if suits "$name"; then
            echo "$name"
            return
        fi
    done
    return 1
}

compiles() {
    echo '#include <stdint.h>' | ${CC:-cc} -x c -fsyntax-only - 2>/dev/null
}

# board_tools: is all there that builds for the emulated boards and runs them?
board_tools() {
    for tool in arm-none-eabi-gcc riscv64-unknown-elf-gcc; do
        case $($tool -print-file-name=picolibc.specs 2>/dev/null) in
        */*) ;;
        *) return 1 ;;
        esac
    done
    for tool in clang-19 cmake qemu-system-arm qemu-system-riscv32; do
        command -v "$tool" >/dev/null || return 1
    done
}

# lint_tools: is all there that looks at the C?
lint_tools() {
    for tool in clang-format cppcheck "${CLANG_TIDY:-clang-tidy-19}"; do
        command -v "$tool" >/dev/null || return 1
    done
}

# fuzzes OPTION...: does the compiler that fuzzes build and link for it?
fuzzes() {
    echo '#include <stddef.h>
int LLVMFuzzerTestOneInput(const char *data, size_t size) { return data == 0 && size > 0; }' |
        clang-19 "$@" -fsanitize=fuzzer,address,undefined -x c - -o /dev/null 2>/dev/null
}

# fresh STAMP SUM: was STAMP written for this very SUM?
fresh() {
    [ "$(cat "$venv/$1" 2>/dev/null)" = "$2" ]
}

# --- The compiler, the linter, the boards, the images -----------------------------------------------------------------
compiles || { debian gcc libc6-dev && compiles; } || fail "a C compiler is needed (cc, or the one that CC names)"
if [ "${1:-}" = lint ] && ! lint_tools; then
    { debian clang-format clang-tidy-19 cppcheck && lint_tools; } || fail "clang-format, clang-tidy 19 and cppcheck are needed"
fi
if [ "${1:-}" = boards ]; then
    boards="gcc-arm-none-eabi picolibc-arm-none-eabi gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf"
    boards="$boards clang-19 cmake qemu-system-arm qemu-system-misc"
    # shellcheck disable=SC2086  # a list of words
    board_tools || { debian $boards && board_tools; } || say "going on without: tests/boards and \`tfcaps bench\` stay untested"
    fuzzes || { debian clang-19 libclang-rt-19-dev && fuzzes; } || say "going on without: micro/fuzz stays untested"
    if [ "$(uname -m)" = x86_64 ] && ! fuzzes -m32; then # as a microcontroller sees sizes and pointers
        debian g++-multilib || say "going on without: no fuzzing with 32 bits"
    fi
fi
[ -d "$images" ] || debian dataset-fashion-mnist || say "going on without: Fashion-MNIST is loaded in other ways when it can be"

# --- The virtual environment ------------------------------------------------------------------------------------------
if ! "$venv/bin/python" -c 'import sys, pip; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    python=$(find_python) || {
        debian python3.11 python3.11-venv || fail "Python 3.11 is needed"
        python=$(find_python) || fail "no Python 3.11 with venv and ensurepip was found; set PYTHON to one"
    }
    say "making $venv with $python"
    "$python" -m venv --clear "$venv"
fi

# --- The pinned packages ----------------------------------------------------------------------------------------------
lock=$(cksum <requirements.lock)
if ! fresh .lock "$lock"; then
    say "installing what requirements.lock lists (about 1 GB; takes some minutes the first time)"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
    echo "$lock" >"$venv/.lock"
fi

# --- tfcaps -----------------------------------------------------------------------------------------------------------
project=$({
    cat setup.py pyproject.toml micro/build.py
    find micro -name '*.[ch]' | LC_ALL=C sort | xargs cat
} | cksum)
if ! fresh .project "$project" || [ ! -d micro/lib ]; then
    say "installing tfcaps and compiling its C libraries"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
    echo "$project" >"$venv/.project"
fi
