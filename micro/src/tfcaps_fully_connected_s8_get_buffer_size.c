#include "tfcaps/nn.h"

/* Whether both are at least 1, and such a tensor has at most 2^31 - 1 bytes. */
static int is_matrix(int32_t rows, int32_t columns) {
    return rows >= 1 && columns >= 1 && (int64_t)rows * columns <= INT32_MAX;
}

tfcaps_status tfcaps_fully_connected_s8_get_buffer_size(const tfcaps_fully_connected_dims *dims,
                                                        size_t *size) {
    if (dims == NULL || size == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (!is_matrix(dims->rows, dims->depth) || !is_matrix(dims->rows, dims->units) ||
        !is_matrix(dims->units, dims->depth)) {
        return TFCAPS_ERROR_DIMS;
    }
    *size = 0; /* the portable kernel keeps everything in registers */
    return TFCAPS_OK;
}
