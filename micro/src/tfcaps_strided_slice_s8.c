#include "tfcaps_walk.h"

tfcaps_status tfcaps_strided_slice_s8(const tfcaps_strided_slice_params *params,
                                      const tfcaps_shape *input_shape, const int8_t *input,
                                      const tfcaps_shape *output_shape, int8_t *output) {
    if (params == NULL || input_shape == NULL || input == NULL || output_shape == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (!tfcaps_is_shape(input_shape) || !tfcaps_is_shape(output_shape) ||
        input_shape->rank != output_shape->rank) {
        return TFCAPS_ERROR_DIMS;
    }
    int32_t from[TFCAPS_MAX_RANK];
    int32_t to[TFCAPS_MAX_RANK];
    int32_t start = 0;
    tfcaps_walk walk = {0};
    tfcaps_dense_steps(input_shape, from);
    tfcaps_dense_steps(output_shape, to);
    for (int32_t n = 0; n < output_shape->rank; ++n) {
        const int64_t begin = params->begin[n];
        const int64_t last = begin + (int64_t)params->stride[n] * (output_shape->size[n] - 1);
        if (params->stride[n] == 0 || begin < 0 || begin >= input_shape->size[n]) {
            return TFCAPS_ERROR_RANGE;
        }
        if (last < 0 || last >= input_shape->size[n]) {
            return TFCAPS_ERROR_DIMS;
        }
        start += params->begin[n] * from[n];
        tfcaps_walk_add(&walk, output_shape->size[n],
                        output_shape->size[n] == 1 ? 0 : params->stride[n] * from[n], to[n]);
    }
    tfcaps_walk_copy(&walk, input + start, output);
    return TFCAPS_OK;
}
