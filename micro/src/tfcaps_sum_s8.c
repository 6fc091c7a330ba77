#include "tfcaps_multiply.h"
#include "tfcaps_walk.h"

enum {
    BLOCK = 16,           /* neighbours added up at a time */
    MOST_VALUES = 1 << 23 /* of one sum, so that it and its zero points fit 31 bits */
};

/* sums[n] += all input[n + offset] of a walk, for neighbours in memory. */
static void add_up(tfcaps_walk *along, const int8_t *input, int32_t size, int32_t *sums) {
    int32_t offset = 0;
    int32_t unused = 0;
    do {
        const int8_t *row = input + offset;
        for (int32_t n = 0; n < along->row; ++n) {
            const int8_t *values = row + n * along->row_step[0];
            for (int32_t k = 0; k < size; ++k) {
                sums[k] += values[k];
            }
        }
    } while (tfcaps_walk_next(along, &offset, &unused));
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
    const int32_t block = across.row_step[0] == 1 ? BLOCK : 1;
    int32_t offset = 0;
    int32_t unused = 0;
    do {
        for (int32_t start = 0; start < across.row; start += block) {
            const int32_t size = across.row - start < block ? across.row - start : block;
            int32_t sums[BLOCK];
            for (int32_t n = 0; n < size; ++n) {
                sums[n] = -params->input_zero_point * values;
            }
            add_up(&along, input + offset + start * across.row_step[0], size, sums);
            for (int32_t n = 0; n < size; ++n) {
                *output++ = tfcaps_output(sums[n], params->output_multiplier, params->output_shift,
                                          params->output_zero_point, INT8_MIN, INT8_MAX);
            }
        }
    } while (tfcaps_walk_next(&across, &offset, &unused));
    return TFCAPS_OK;
}
