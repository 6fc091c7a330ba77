#include <string.h>

#include "tfcaps_fixed_point.h"
#include "tfcaps_walk.h"

tfcaps_status tfcaps_pad_s8(const tfcaps_pad_params *params, const tfcaps_shape *input_shape,
                            const int8_t *input, int8_t *output) {
    if (params == NULL || input_shape == NULL || input == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (!tfcaps_is_shape(input_shape)) {
        return TFCAPS_ERROR_DIMS;
    }
    if (!tfcaps_is_int8(params->value)) {
        return TFCAPS_ERROR_RANGE;
    }
    tfcaps_shape padded = {input_shape->rank, {0}};
    for (int32_t n = 0; n < input_shape->rank; ++n) {
        const int64_t size = (int64_t)params->before[n] + input_shape->size[n] + params->after[n];
        if (params->before[n] < 0 || params->after[n] < 0) {
            return TFCAPS_ERROR_RANGE;
        }
        if (size > INT32_MAX) {
            return TFCAPS_ERROR_DIMS;
        }
        padded.size[n] = (int32_t)size;
    }
    if (!tfcaps_is_shape(&padded)) {
        return TFCAPS_ERROR_DIMS;
    }
    int32_t from[TFCAPS_MAX_RANK];
    int32_t to[TFCAPS_MAX_RANK];
    size_t bytes = 1;
    int32_t start = 0;
    tfcaps_walk walk = {0};
    tfcaps_dense_steps(input_shape, from);
    tfcaps_dense_steps(&padded, to);
    for (int32_t n = 0; n < padded.rank; ++n) {
        tfcaps_walk_add(&walk, input_shape->size[n], from[n], to[n]);
        start += params->before[n] * to[n];
        bytes *= (size_t)padded.size[n];
    }
    memset(output, params->value, bytes);
    tfcaps_walk_copy(&walk, input, output + start);
    return TFCAPS_OK;
}
