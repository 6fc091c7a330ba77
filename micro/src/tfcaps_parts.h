/* The argument checks that CONCATENATION and SPLIT share. Private. */
#ifndef TFCAPS_PARTS_H
#define TFCAPS_PARTS_H

#include "tfcaps/nn.h"

/* Checks the dimensions, of at most 2^31 - 1 bytes together, and gives the bytes of a row of the whole
 * tensor. */
static inline tfcaps_status tfcaps_check_parts(const tfcaps_parts_dims *dims, int32_t *row) {
    if (dims == NULL || dims->sizes == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (dims->outer < 1 || dims->count < 1) {
        return TFCAPS_ERROR_DIMS;
    }
    int64_t sum = 0;
    for (int32_t n = 0; n < dims->count; ++n) {
        sum += dims->sizes[n];
        if (dims->sizes[n] < 1 || sum > INT32_MAX / dims->outer) {
            return TFCAPS_ERROR_DIMS;
        }
    }
    *row = (int32_t)sum;
    return TFCAPS_OK;
}

#endif
