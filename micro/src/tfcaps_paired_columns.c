#include "tfcaps_paired.h"
#include "tfcaps_variant.h"

#if !defined(TFCAPS_DSP)

static uint32_t pair(int8_t first, int8_t second) {
    return ((uint32_t)first & 0xFFFFu) | ((uint32_t)second << 16);
}

static uint32_t *one_run(const int8_t *column0, const int8_t *column1, int32_t size, uint32_t *words) {
    for (; size >= 4; size -= 4) {
        words[0] = pair(column0[0], column0[2]);
        words[1] = pair(column1[0], column1[2]);
        words[2] = pair(column0[1], column0[3]);
        words[3] = pair(column1[1], column1[3]);
        column0 += 4;
        column1 += 4;
        words += 4;
    }
    if (size == 0) {
        return words;
    }
    const int32_t second = size - 1; /* 0 and 1, or 0 and 2 and then 1 */
    words[0] = pair(column0[0], second > 0 ? column0[second] : 0);
    words[1] = pair(column1[0], second > 0 ? column1[second] : 0);
    if (size < 3) {
        return words + 2;
    }
    words[2] = pair(column0[1], 0);
    words[3] = pair(column1[1], 0);
    return words + 4;
}

void tfcaps_paired_columns(const int8_t *column0, const int8_t *column1, int32_t size, int32_t runs,
                           int32_t step, uint32_t *words) {
    for (int32_t run = 0; run < runs; ++run) {
        words = one_run(column0 + run * step, column1 + run * step, size, words);
    }
}

#endif
