#!/bin/sh
# Static analysis of the C in micro/: cppcheck, then clang-tidy on all cores. Silent when there is nothing to say.
#
#   tools/lint_c.sh            CLANG_TIDY names another clang-tidy than clang-tidy-19
#
# What is compiled for a microcontroller is analysed for one: 32 bits, and no C library but tools/c_stubs.
set -eu
cd "$(dirname "$0")/.."
tidy=${CLANG_TIDY:-clang-tidy-19}
said=$(mktemp)
trap 'rm -f "$said"' EXIT

failed=0
cppcheck --quiet --std=c99 --language=c --platform=unix32 --error-exitcode=1 --suppressions-list=micro/.cppcheck --max-configs=32 \
    --enable=warning,style,performance,portability --inconclusive \
    --template='{file}:{line}: {severity}: {message} [{id}]' \
    -I micro/include -I micro/src -I micro/host -I tools/c_stubs/model \
    micro/src micro/host micro/fuzz micro/boards || failed=1

# check FLAGS FILE...: one clang-tidy a file, as many at a time as there are cores.
check() {
    flags=$1
    shift
    # shellcheck disable=SC2086  # flags are a list of words
    printf '%s\n' "$@" | xargs -P "$(getconf _NPROCESSORS_ONLN)" -I FILE \
        "$tidy" --quiet FILE -- -std=c99 $flags -Imicro/include -Imicro/src -Imicro/host 2>"$said" ||
        {
            grep -v 'warnings\{0,1\} generated\|^Suppressed\|^Use -header-filter' "$said" >&2 || true
            return 1
        }
}

device="-ffreestanding -nostdlibinc -isystem tools/c_stubs/libc -Itools/c_stubs/model"
arm="--target=arm-none-eabi -mcpu=cortex-m4 -mthumb $device"
riscv="--target=riscv32-unknown-elf -march=rv32imac $device"
check "$arm" micro/src/*.c micro/boards/c/*.c || failed=1
check "$riscv" micro/boards/c/semihosting.c micro/boards/c/start.c micro/boards/c/run_model.c || failed=1
check "-DTFCAPS_QEMU_PLUGIN_API=1" micro/host/*.c micro/host/*/*.c micro/boards/plugin/*.c micro/fuzz/*.c || failed=1
exit $failed
