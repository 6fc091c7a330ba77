#!/bin/sh
# Static analysis of the C in micro/: cppcheck, then clang-tidy on all cores. Silent when there is nothing to say.
#
#   tools/lint_c.sh            CLANG_TIDY names another clang-tidy than clang-tidy-19
#
# What is compiled for a microcontroller is analysed for one: 32 bits, and no C library but the four functions below.
set -eu
cd "$(dirname "$0")/.."
tidy=${CLANG_TIDY:-clang-tidy-19}
stubs=$(mktemp -d)
trap 'rm -rf "$stubs"' EXIT

cat >"$stubs/string.h" <<'C'
#include <stddef.h>
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
C
# What a build generates for run_model.c.
cat >"$stubs/model.h" <<'C'
#include "tfcaps/kernels.h"
#define MODEL_INPUT_SIZES 3, 5
#define MODEL_OUTPUT_SIZES 7
#define MODEL_TENSOR_BYTES 48
#define MODEL_ARENA_BYTES 64
tfcaps_status model_run(void *arena, const int8_t *const inputs[], int8_t *const outputs[]);
C

cppcheck --quiet --std=c99 --language=c --platform=unix32 --error-exitcode=1 \
    --enable=warning,style,performance,portability --inconclusive --suppressions-list=micro/.cppcheck \
    --template='{file}:{line}: {severity}: {message} [{id}]' -I micro/include -I micro/src -I micro/host -I "$stubs" \
    micro/src micro/host micro/fuzz micro/boards

# check FLAGS FILE...: one clang-tidy a file, as many at a time as there are cores.
check() {
    flags=$1
    shift
    # shellcheck disable=SC2086  # flags are a list of words
    printf '%s\n' "$@" | xargs -P "$(nproc)" -I FILE \
        "$tidy" --quiet FILE -- -std=c99 $flags -Imicro/include -Imicro/src -Imicro/host 2>"$stubs/said" ||
        {
            grep -v 'warnings\{0,1\} generated\|^Suppressed\|^Use -header-filter' "$stubs/said" >&2 || true
            return 1
        }
}

device="-ffreestanding -nostdlibinc -isystem $stubs"
arm="--target=arm-none-eabi -mcpu=cortex-m4 -mthumb $device"
riscv="--target=riscv32-unknown-elf -march=rv32imac $device"
failed=0
check "$arm" micro/src/*.c micro/boards/c/*.c || failed=1
check "$riscv" micro/boards/c/semihosting.c micro/boards/c/start.c micro/boards/c/run_model.c || failed=1
check "-DTFCAPS_QEMU_PLUGIN_API=1" micro/host/*.c micro/host/*/*.c micro/boards/plugin/*.c micro/fuzz/*.c || failed=1
exit $failed
