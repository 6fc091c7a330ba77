/* Softmax once its arguments are right: the loop of tfcaps_softmax_s8, one variant a file, and what all of
 * them share. Private. */
#ifndef TFCAPS_SOFTMAX_H
#define TFCAPS_SOFTMAX_H

#include "tfcaps_multiply.h"
#include "tfcaps_variant.h"

enum {
    TFCAPS_SOFTMAX_SUM_SHIFT = 12 /* of an exponential in the sum, to the right with halves up */
};

/* The output may be the input. */
void tfcaps_softmax_rows(const int32_t *exp_table, const tfcaps_softmax_dims *dims, const int8_t *input,
                         int8_t *output);

/* The rows one after the other: each variant brings what does one. */
static inline void tfcaps_softmax_each(void (*softmax_row)(const int32_t *exp_table, int32_t depth,
                                                           const int8_t *input, int8_t *output),
                                       const int32_t *exp_table, const tfcaps_softmax_dims *dims,
                                       const int8_t *input, int8_t *output) {
    const int32_t depth = dims->depth;
    for (int32_t row = dims->rows; row > 0; --row) {
        softmax_row(exp_table, depth, input, output);
        input += depth;
        output += depth;
    }
}

/* x * 2^n, saturated, for n >= 0. */
static inline int32_t tfcaps_shift_left(int32_t x, int32_t n) {
    return tfcaps_sat((int64_t)x * (1 << n), INT32_MIN, INT32_MAX);
}

/* 1 / (1 + x) in Q31 for x in [0, 1) in Q31: three Newton steps from 48/17 - 32/17 d, d = (1 + x) / 2. */
static inline int32_t tfcaps_reciprocal_of_one_plus(int32_t x) {
    const int32_t d = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);     /* one is INT32_MAX in Q31 */
    int32_t guess = 1515870810 + tfcaps_multiply_high(d, -1010580540); /* Q29 */
    for (int32_t step = 0; step < 3; ++step) {
        const int32_t missing = (1 << 29) - tfcaps_multiply_high(d, guess);
        guess += tfcaps_shift_left(tfcaps_multiply_high(guess, missing), 2);
    }
    return tfcaps_shift_left(guess, 1); /* half of the guess, from Q29 to Q31 */
}

/* An exponential's share of all: its high product with scale, shifted right with halves up. */
typedef struct tfcaps_softmax_share {
    int32_t scale;
    int32_t shift; /* 22 ... 31 */
} tfcaps_softmax_share;

/* 1 / sum = scale / 2^31 / 2^(12 - zeros), scale from the sum's bits behind the first. A sum so large that it
 * leaves nothing of any share has a scale of 0. */
static inline tfcaps_softmax_share tfcaps_softmax_share_of(int32_t sum) {
    const int32_t zeros = tfcaps_clz((uint32_t)sum);
    /* NOLINTNEXTLINE(clang-analyzer-core.BitwiseShift): the largest value alone adds 2^18, so zeros < 32 */
    const int32_t behind = (int32_t)(((uint32_t)sum << zeros) - ((uint32_t)1 << 31));
    const int32_t shift = 12 - zeros + 31 - 8;
    const tfcaps_softmax_share none = {0, 31};
    const tfcaps_softmax_share share = {tfcaps_reciprocal_of_one_plus(behind), shift};
    return shift > 31 ? none : share;
}

#endif
