#include "tfcaps_walk.h"

tfcaps_status tfcaps_transpose_s8(const tfcaps_transpose_params *params, const tfcaps_shape *input_shape,
                                  const int8_t *input, int8_t *output) {
    if (params == NULL || input_shape == NULL || input == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (!tfcaps_is_shape(input_shape)) {
        return TFCAPS_ERROR_DIMS;
    }
    tfcaps_shape moved = {input_shape->rank, {0}};
    int32_t seen = 0;
    for (int32_t n = 0; n < moved.rank; ++n) {
        const int32_t source = params->permutation[n];
        if (source < 0 || source >= moved.rank || (seen >> source & 1)) {
            return TFCAPS_ERROR_RANGE;
        }
        seen |= 1 << source;
        moved.size[n] = input_shape->size[source];
    }
    int32_t from[TFCAPS_MAX_RANK];
    int32_t to[TFCAPS_MAX_RANK];
    tfcaps_walk walk = {0};
    tfcaps_dense_steps(input_shape, from);
    tfcaps_dense_steps(&moved, to);
    for (int32_t n = 0; n < moved.rank; ++n) {
        tfcaps_walk_add(&walk, moved.size[n], from[params->permutation[n]], to[n]);
    }
    tfcaps_walk_copy(&walk, input, output);
    return TFCAPS_OK;
}
