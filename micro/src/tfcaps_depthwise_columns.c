#include "tfcaps_depthwise_paired.h"
#include <string.h>

#if !defined(TFCAPS_DSP)

/* A row of one plane. */
static void take_apart(const tfcaps_depthwise_cut *cut, const int8_t *input, uint32_t *words) {
    for (int32_t word = 0; word < cut->count; ++word) {
        uint32_t halves = 0;
        for (int32_t half = 0; half < 2; ++half) {
            const int32_t column = 2 * word + half - cut->before;
            if (column >= 0 && column < cut->columns) {
                const uint32_t x = (uint32_t)(input[column * cut->pixel] - cut->zero_point) & 0xFFFFu;
                halves |= half == 0 ? x : x << 16;
            }
        }
        words[word] = halves;
    }
}

void tfcaps_depthwise_columns(const tfcaps_depthwise_cut *cut, uint32_t *words) {
    const int8_t *input = cut->input;
    for (int32_t row = -cut->above; row < cut->inside + cut->below; ++row) {
        for (int32_t plane = 0; plane < TFCAPS_DEPTHWISE_PLANES; ++plane) {
            if (row >= 0 && row < cut->inside) {
                take_apart(cut, input + row * cut->row + plane, words);
            } else {
                memset(words, 0, (size_t)cut->count * sizeof *words);
            }
            words += tfcaps_depthwise_plane_words(cut->form);
        }
    }
}

void tfcaps_depthwise_keep(uint32_t *words, int32_t count, int32_t by) {
    memmove(words, words + by, (size_t)count * sizeof *words);
}

#endif
