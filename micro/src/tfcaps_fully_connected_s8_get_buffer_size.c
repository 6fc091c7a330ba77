#include "tfcaps/nn.h"
#include "tfcaps_fixed_point.h"

tfcaps_status tfcaps_fully_connected_s8_get_buffer_size(const tfcaps_fully_connected_dims *dims,
                                                        size_t *size) {
    if (dims == NULL || size == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (dims->rows < 1 || dims->depth < 1 || dims->units < 1 ||
        !tfcaps_fits((uint64_t)dims->rows * (uint64_t)dims->depth) ||
        !tfcaps_fits((uint64_t)dims->rows * (uint64_t)dims->units) ||
        !tfcaps_fits((uint64_t)dims->units * (uint64_t)dims->depth)) {
        return TFCAPS_ERROR_DIMS;
    }
    *size = 0; /* the portable kernel keeps everything in registers */
    return TFCAPS_OK;
}
