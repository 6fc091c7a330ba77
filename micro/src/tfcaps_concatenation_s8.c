#include <string.h>

#include "tfcaps_parts.h"

tfcaps_status tfcaps_concatenation_s8(const tfcaps_parts_dims *dims, const int8_t *const *inputs,
                                      int8_t *output) {
    if (inputs == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    int32_t row = 0;
    const tfcaps_status status = tfcaps_check_parts(dims, &row);
    if (status != TFCAPS_OK) {
        return status;
    }
    for (int32_t n = 0; n < dims->count; ++n) {
        if (inputs[n] == NULL) {
            return TFCAPS_ERROR_NULL;
        }
    }
    for (int32_t n = 0; n < dims->count; ++n) {
        const size_t size = (size_t)dims->sizes[n];
        for (int32_t k = 0; k < dims->outer; ++k) {
            const int8_t *from = inputs[n] + (size_t)k * size;
            int8_t *to = output + k * row;
            if (from != to) {
                memcpy(to, from, size);
            }
        }
        output += size;
    }
    return TFCAPS_OK;
}
