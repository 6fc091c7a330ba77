#include "tfcaps_noinline.h"
#include "tfcaps_paired.h"
#include "tfcaps_variant.h"

#if defined(TFCAPS_DSP)
#include "tfcaps_dsp.h"

/* One filter at both columns: twice its sums in X0 and X1 become its outputs, with the stage at r12. What is
 * added is one less below zero, so that halves go away from it. */
#define OUTPUTS(X0, X1)                                                                                      \
    "    ldm r12!, {r8, r9, r10}\n"                                                                          \
    "    add r11, r9, " X0 ", asr #31\n"                                                                     \
    "    add r9, r9, " X1 ", asr #31\n"                                                                      \
    "    smmlar " X0 ", " X0 ", r8, r11\n"                                                                   \
    "    smmlar " X1 ", " X1 ", r8, r9\n"                                                                    \
    "    asr " X0 ", " X0 ", r10\n"                                                                          \
    "    asr " X1 ", " X1 ", r10\n"                                                                          \
    "    ssat " X0 ", #8, " X0 "\n"                                                                          \
    "    ssat " X1 ", #8, " X1 "\n"

#define TWICE(X0, X1)                                                                                        \
    "    lsl " X0 ", " X0 ", #1\n"                                                                           \
    "    lsl " X1 ", " X1 ", #1\n"

/* raw less low, 256 times high, becomes twice high. */
#define TAKE_HIGH(RAW0, RAW1, LOW0, LOW1)                                                                    \
    "    sub " RAW0 ", " RAW0 ", " LOW0 "\n"                                                                 \
    "    sub " RAW1 ", " RAW1 ", " LOW1 "\n"                                                                 \
    "    asr " RAW0 ", " RAW0 ", #7\n"                                                                       \
    "    asr " RAW1 ", " RAW1 ", #7\n"

/* Whole blocks up to end, of int8: eight outputs in 65 instructions. */
#define OUTPUT_BLOCKS(HIGH01, HIGH23)                                                                        \
    ".syntax unified\n"                                                                                      \
    "    push {r4-r11, lr}\n"                                                                                \
    "    ldr r4, [sp, #36]\n"                                                                                \
    "    sub r3, r3, r2\n"                                                                                   \
    "    push {r0, r3, r4}\n" /* sums, distance of the columns' outputs, end */                              \
    "    mov r12, r1\n"                                                                                      \
    "    mov lr, r2\n"                                                                                       \
    "1:  ldr r8, [sp]\n"                                                                                     \
    "    ldm r8!, {r0-r7}\n"                                                                                 \
    "    str r8, [sp]\n" HIGH01 HIGH23 TWICE("r4", "r5") OUTPUTS("r4", "r5") OUTPUTS("r0", "r1")             \
        TWICE("r6", "r7") OUTPUTS("r6", "r7") OUTPUTS("r2", "r3") "    ldrd r8, r9, [sp, #4]\n"              \
                                                                  "    add r8, r8, lr\n"                     \
                                                                  "    strb r4, [lr]\n"                      \
                                                                  "    strb r0, [lr, #1]\n"                  \
                                                                  "    strb r6, [lr, #2]\n"                  \
                                                                  "    strb r2, [lr, #3]\n"                  \
                                                                  "    strb r5, [r8]\n"                      \
                                                                  "    strb r1, [r8, #1]\n"                  \
                                                                  "    strb r7, [r8, #2]\n"                  \
                                                                  "    strb r3, [r8, #3]\n"                  \
                                                                  "    add lr, lr, #4\n"                     \
                                                                  "    cmp lr, r9\n"                         \
                                                                  "    bne 1b\n"                             \
                                                                  "    add sp, #12\n"                        \
                                                                  "    pop {r4-r11, pc}\n"

TFCAPS_NAKED static void output_blocks(const uint32_t *sums, const int32_t *stages, int8_t *output0,
                                       int8_t *output1, const int8_t *end) {
    __asm__ volatile(OUTPUT_BLOCKS(TAKE_HIGH("r0", "r1", "r4", "r5"), TAKE_HIGH("r2", "r3", "r6", "r7")));
}

TFCAPS_NAKED static void output_carried_blocks(const uint32_t *sums, const int32_t *stages, int8_t *output0,
                                               int8_t *output1, const int8_t *end) {
    __asm__ volatile(OUTPUT_BLOCKS(TWICE("r0", "r1"), TWICE("r2", "r3")));
}

/* Whole blocks. */
static TFCAPS_NOINLINE void output_some(const uint32_t *sums, int32_t carried, const int32_t *stages,
                                        int32_t filters, int8_t *output0, int8_t *output1) {
    if (carried) {
        output_carried_blocks(sums, stages, output0, output1, output0 + filters);
    } else {
        output_blocks(sums, stages, output0, output1, output0 + filters);
    }
}

/* The activation's limits, where they are narrower than int8's. */
static void limit(int8_t *output, int32_t size, int32_t least, int32_t most) {
    for (int32_t n = 0; n < size; ++n) {
        output[n] = (int8_t)(output[n] < least ? least : output[n] > most ? most : output[n]);
    }
}

void tfcaps_paired_outputs(const uint32_t *sums, int32_t carried, const int32_t *stages, int32_t filters,
                           int32_t least, int32_t most, int8_t *output0, int8_t *output1) {
    const int32_t last = filters % TFCAPS_PAIRED_FILTERS;
    const int32_t whole = filters - last;
    if (whole > 0) {
        output_some(sums, carried, stages, whole, output0, output1);
    }
    if (last > 0) {
        int8_t block[2][TFCAPS_PAIRED_FILTERS] = {{0}};
        output_some(sums + whole / TFCAPS_PAIRED_FILTERS * TFCAPS_PAIRED_SUMS, carried, stages + 3 * whole,
                    TFCAPS_PAIRED_FILTERS, block[0], block[1]);
        for (int32_t n = 0; n < last; ++n) {
            output0[whole + n] = block[0][n];
            output1[whole + n] = block[1][n];
        }
    }
    if (least > INT8_MIN || most < INT8_MAX) {
        limit(output0, filters, least, most);
        limit(output1, filters, least, most);
    }
}

#endif
