#include <string.h>

#include "tfcaps/nn.h"

static tfcaps_status check(const tfcaps_gather_params *params) {
    if (params->indices == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (params->outer < 1 || params->size < 1 || params->inner < 1 || params->count < 1) {
        return TFCAPS_ERROR_DIMS;
    }
    const int32_t most = INT32_MAX / params->inner / params->outer; /* slices of a tensor */
    if (params->size > most || params->count > most) {
        return TFCAPS_ERROR_DIMS;
    }
    for (int32_t n = 0; n < params->count; ++n) {
        if (params->indices[n] < 0 || params->indices[n] >= params->size) {
            return TFCAPS_ERROR_RANGE;
        }
    }
    return TFCAPS_OK;
}

tfcaps_status tfcaps_gather_s8(const tfcaps_gather_params *params, const int8_t *input, int8_t *output) {
    if (params == NULL || input == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    const tfcaps_status status = check(params);
    if (status != TFCAPS_OK) {
        return status;
    }
    const int32_t *const indices = params->indices;
    const size_t inner = (size_t)params->inner;
    for (int32_t k = 0; k < params->outer; ++k) {
        int32_t n = 0;
        while (n < params->count) {
            /* Neighbours go in one copy. Where indices rise, it overlaps nothing that is still to be read. */
            int32_t end = n + 1;
            while (end < params->count && indices[end] == indices[end - 1] + 1) {
                ++end;
            }
            const size_t bytes = (size_t)(end - n) * inner;
            memmove(output, input + (size_t)indices[n] * inner, bytes);
            output += bytes;
            n = end;
        }
        input += (size_t)params->size * inner;
    }
    return TFCAPS_OK;
}
