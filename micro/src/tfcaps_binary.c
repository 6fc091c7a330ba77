#include "tfcaps_binary.h"
#include "tfcaps_walk.h"

/* Steps of an input along the output's dimensions: 0 where it is broadcast. Returns 0 if it does not fit. */
static int broadcast(const tfcaps_shape *input, const tfcaps_shape *output, int32_t *step) {
    int32_t dense[TFCAPS_MAX_RANK];
    const int32_t missing = output->rank - input->rank;
    if (missing < 0) {
        return 0;
    }
    tfcaps_dense_steps(input, dense);
    for (int32_t n = 0; n < output->rank; ++n) {
        const int32_t size = n < missing ? 1 : input->size[n - missing];
        if (size != 1 && size != output->size[n]) {
            return 0;
        }
        step[n] = size == 1 ? 0 : dense[n - missing];
    }
    return 1;
}

tfcaps_status tfcaps_binary(tfcaps_binary_row row, const void *params, const tfcaps_shape *input1_shape,
                            const int8_t *input1, const tfcaps_shape *input2_shape, const int8_t *input2,
                            const tfcaps_shape *output_shape, int8_t *output) {
    if (input1_shape == NULL || input1 == NULL || input2_shape == NULL || input2 == NULL ||
        output_shape == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    int32_t step1[TFCAPS_MAX_RANK];
    int32_t step2[TFCAPS_MAX_RANK];
    if (!tfcaps_is_shape(input1_shape) || !tfcaps_is_shape(input2_shape) || !tfcaps_is_shape(output_shape) ||
        !broadcast(input1_shape, output_shape, step1) || !broadcast(input2_shape, output_shape, step2)) {
        return TFCAPS_ERROR_DIMS;
    }
    tfcaps_walk walk = {0};
    for (int32_t n = 0; n < output_shape->rank; ++n) {
        if (step1[n] == 0 && step2[n] == 0 && output_shape->size[n] != 1) {
            return TFCAPS_ERROR_DIMS; /* neither input has this dimension */
        }
        tfcaps_walk_add(&walk, output_shape->size[n], step1[n], step2[n]);
    }
    int32_t offset1 = 0;
    int32_t offset2 = 0;
    tfcaps_walk_rows(&walk);
    do {
        row(params, walk.row, input1 + offset1, walk.row_step[0], input2 + offset2, walk.row_step[1], output);
        output += walk.row;
    } while (tfcaps_walk_next(&walk, &offset1, &offset2));
    return TFCAPS_OK;
}
