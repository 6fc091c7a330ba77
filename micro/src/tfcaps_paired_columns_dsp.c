#include "tfcaps_paired.h"
#include "tfcaps_variant.h"

#if defined(TFCAPS_DSP)
#include "tfcaps_dsp.h"

#define FOUR_BYTES()                                                                                         \
    do {                                                                                                     \
        const uint32_t bytes0 = tfcaps_load_4(column0);                                                      \
        const uint32_t bytes1 = tfcaps_load_4(column1);                                                      \
        column0 += 4;                                                                                        \
        column1 += 4;                                                                                        \
        words[0] = tfcaps_even_bytes(bytes0);                                                                \
        words[1] = tfcaps_even_bytes(bytes1);                                                                \
        words[2] = tfcaps_odd_bytes(bytes0);                                                                 \
        words[3] = tfcaps_odd_bytes(bytes1);                                                                 \
        words += 4;                                                                                          \
        __asm__("" : "+r"(column0), "+r"(column1), "+r"(words) : : "memory");                                \
    } while (0)

/* What is left of a run: up to three bytes. */
static void rest(const int8_t *column, int32_t size, uint32_t *words) {
    words[0] = (uint32_t)column[0] & 0xFFFFu;
    if (size > 1) {
        words[0] |= (uint32_t)column[1] << 16;
    }
    if (size > 2) {
        words[2] = (uint32_t)column[2] & 0xFFFFu;
    }
}

static uint32_t *one_run(const int8_t *column0, const int8_t *column1, int32_t size, uint32_t *words) {
    for (; size >= 16; size -= 16) {
        FOUR_BYTES();
        FOUR_BYTES();
        FOUR_BYTES();
        FOUR_BYTES();
    }
    for (; size >= 4; size -= 4) {
        FOUR_BYTES();
    }
    if (size > 0) {
        rest(column0, size, words);
        rest(column1, size, words + 1);
        words += (size + 1) / 2 * 2;
    }
    return words;
}

void tfcaps_paired_columns(const int8_t *column0, const int8_t *column1, int32_t size, int32_t runs,
                           int32_t step, uint32_t *words) {
    for (int32_t run = 0; run < runs; ++run) {
        words = one_run(column0 + run * step, column1 + run * step, size, words);
    }
}

#endif
