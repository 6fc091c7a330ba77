#include "tfcaps_multiply.h"
#include "tfcaps_walk.h"

enum {
    BLOCK = 4,            /* neighbours added up at a time */
    MOST_VALUES = 1 << 23 /* of one sum, so that it and its zero points fit 31 bits */
};

/* The sum of all input[offset] of a walk. */
static int32_t sum_up(tfcaps_walk *along, const int8_t *input, int32_t sum) {
    int32_t offset = 0;
    int32_t unused = 0;
    do {
        const int8_t *value = input + offset;
        for (int32_t n = along->row; n > 0; --n) {
            sum += *value;
            value += along->row_step[0];
        }
    } while (tfcaps_walk_next(along, &offset, &unused));
    return sum;
}

/* The same for BLOCK neighbours in memory. */
static void sum_up_block(tfcaps_walk *along, const int8_t *input, int32_t sums[BLOCK]) {
    int32_t sum0 = sums[0], sum1 = sums[1], sum2 = sums[2], sum3 = sums[3];
    int32_t offset = 0;
    int32_t unused = 0;
    do {
        const int8_t *values = input + offset;
        for (int32_t n = along->row; n > 0; --n) {
            sum0 += values[0];
            sum1 += values[1];
            sum2 += values[2];
            sum3 += values[3];
            values += along->row_step[0];
        }
    } while (tfcaps_walk_next(along, &offset, &unused));
    sums[0] = sum0, sums[1] = sum1, sums[2] = sum2, sums[3] = sum3;
}

tfcaps_status tfcaps_sum_s8(const tfcaps_sum_params *params, const tfcaps_shape *input_shape,
                            const int8_t *input, int8_t *output) {
    if (params == NULL || input_shape == NULL || input == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (!tfcaps_is_int8(params->input_zero_point) || !tfcaps_is_int8(params->output_zero_point) ||
        !tfcaps_is_scale(params->output_multiplier, params->output_shift)) {
        return TFCAPS_ERROR_RANGE;
    }
    if (!tfcaps_is_shape(input_shape)) {
        return TFCAPS_ERROR_DIMS;
    }
    if (params->axes < 0 || params->axes >> input_shape->rank != 0) {
        return TFCAPS_ERROR_RANGE;
    }
    int32_t step[TFCAPS_MAX_RANK];
    int32_t values = 1;
    tfcaps_walk along = {0};
    tfcaps_walk across = {0};
    tfcaps_dense_steps(input_shape, step);
    for (int32_t n = 0; n < input_shape->rank; ++n) {
        if (params->axes >> n & 1) {
            values *= input_shape->size[n];
            tfcaps_walk_add(&along, input_shape->size[n], step[n], 0);
        } else {
            tfcaps_walk_add(&across, input_shape->size[n], step[n], 0);
        }
    }
    if (values > MOST_VALUES) {
        return TFCAPS_ERROR_DIMS;
    }
    tfcaps_walk_rows(&along);
    tfcaps_walk_rows(&across);
    const int32_t next = across.row_step[0];
    const int32_t start = -params->input_zero_point * values;
    int32_t offset = 0;
    int32_t unused = 0;
    do {
        for (int32_t left = across.row; left > 0;) {
            const int8_t *first = input + offset + (across.row - left) * next;
            int32_t sums[BLOCK] = {start, start, start, start};
            int32_t count = 1;
            if (next == 1 && left >= BLOCK) {
                count = BLOCK;
                sum_up_block(&along, first, sums);
            } else {
                sums[0] = sum_up(&along, first, start);
            }
            for (int32_t n = 0; n < count; ++n) {
                *output++ = tfcaps_output(sums[n], params->output_multiplier, params->output_shift,
                                          params->output_zero_point, INT8_MIN, INT8_MAX);
            }
            left -= count;
        }
    } while (tfcaps_walk_next(&across, &offset, &unused));
    return TFCAPS_OK;
}
