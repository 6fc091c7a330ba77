#include "tfcaps_softmax.h"

#if !defined(TFCAPS_MVE) && !defined(TFCAPS_RVV)

/* x / 2^n for x >= 0 and 1 <= n <= 31, halves up. */
static int32_t shift_right(int32_t x, int32_t n) {
    return (int32_t)(((uint32_t)x + ((uint32_t)1 << (n - 1))) >> n);
}

static inline void softmax_row(const int32_t *exp_table, int32_t depth, const int8_t *input, int8_t *output) {
    int32_t largest = INT8_MIN;
    for (int32_t n = 0; n < depth; ++n) {
        largest = input[n] > largest ? input[n] : largest;
    }
    int32_t sum = 0; /* Q19 */
    for (int32_t n = 0; n < depth; ++n) {
        sum += shift_right(exp_table[largest - input[n]], TFCAPS_SOFTMAX_SUM_SHIFT);
    }
    const tfcaps_softmax_share share = tfcaps_softmax_share_of(sum);
    for (int32_t n = 0; n < depth; ++n) {
        const int32_t part = tfcaps_scale_high(exp_table[largest - input[n]], share.scale);
        output[n] = tfcaps_sat8(shift_right(part, share.shift) + INT8_MIN);
    }
}

void tfcaps_softmax_rows(const int32_t *exp_table, const tfcaps_softmax_dims *dims, const int8_t *input,
                         int8_t *output) {
    tfcaps_softmax_each(softmax_row, exp_table, dims, input, output);
}

#endif
