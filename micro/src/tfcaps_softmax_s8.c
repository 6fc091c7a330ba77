#include "tfcaps_multiply.h"

/* x * 2^n, saturated, for n >= 0. */
static int32_t shift_left(int32_t x, int32_t n) {
    return tfcaps_sat((int64_t)x * (1 << n), INT32_MIN, INT32_MAX);
}

/* 1 / (1 + x) in Q31 for x in [0, 1) in Q31: three Newton steps from 48/17 - 32/17 d, d = (1 + x) / 2. */
static int32_t reciprocal_of_one_plus(int32_t x) {
    const int32_t d = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);     /* one is INT32_MAX in Q31 */
    int32_t guess = 1515870810 + tfcaps_multiply_high(d, -1010580540); /* Q29 */
    for (int32_t step = 0; step < 3; ++step) {
        const int32_t missing = (1 << 29) - tfcaps_multiply_high(d, guess);
        guess += shift_left(tfcaps_multiply_high(guess, missing), 2);
    }
    return shift_left(guess, 1); /* half of the guess, from Q29 to Q31 */
}

/* x / 2^n for x >= 0 and 1 <= n <= 31, halves up. */
static int32_t shift_right(int32_t x, int32_t n) {
    return (int32_t)(((uint32_t)x + ((uint32_t)1 << (n - 1))) >> n);
}

static void softmax_row(const int32_t *exp_table, int32_t depth, const int8_t *input, int8_t *output) {
    int32_t largest = INT8_MIN;
    for (int32_t n = 0; n < depth; ++n) {
        largest = input[n] > largest ? input[n] : largest;
    }
    int32_t sum = 0; /* Q19 */
    for (int32_t n = 0; n < depth; ++n) {
        sum += shift_right(exp_table[largest - input[n]], 12);
    }
    /* 1 / sum = scale / 2^31 / 2^(12 - zeros), scale from the sum's bits behind the first. */
    const int32_t zeros = tfcaps_clz((uint32_t)sum);
    /* NOLINTNEXTLINE(clang-analyzer-core.BitwiseShift): the largest value alone adds 2^18, so zeros < 32 */
    const int32_t scale = reciprocal_of_one_plus((int32_t)(((uint32_t)sum << zeros) - ((uint32_t)1 << 31)));
    const int32_t shift = 12 - zeros + 31 - 8; /* at least 4 */
    for (int32_t n = 0; n < depth; ++n) {
        const int32_t share = tfcaps_scale_high(exp_table[largest - input[n]], scale);
        output[n] = tfcaps_sat8((shift > 31 ? 0 : shift_right(share, shift)) + INT8_MIN);
    }
}

tfcaps_status tfcaps_softmax_s8(const tfcaps_softmax_params *params, const tfcaps_softmax_dims *dims,
                                const int8_t *input, int8_t *output) {
    if (params == NULL || params->exp_table == NULL || dims == NULL || input == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (params->exp_table[0] < 1 << 30) {
        return TFCAPS_ERROR_RANGE;
    }
    for (int32_t n = 0; n < TFCAPS_LOOKUP_SIZE; ++n) {
        if (params->exp_table[n] < 0) {
            return TFCAPS_ERROR_RANGE;
        }
    }
    if (dims->rows < 1 || dims->depth < 1 || dims->depth > TFCAPS_MAX_SOFTMAX_DEPTH ||
        (int64_t)dims->rows * dims->depth > INT32_MAX) {
        return TFCAPS_ERROR_DIMS;
    }
    for (int32_t row = 0; row < dims->rows; ++row) {
        softmax_row(params->exp_table, dims->depth, input, output);
        input += dims->depth;
        output += dims->depth;
    }
    return TFCAPS_OK;
}
