#include "tfcaps/nn.h"

tfcaps_status tfcaps_lookup_s8(const int8_t *table, int32_t size, const int8_t *input, int8_t *output) {
    if (table == NULL || input == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (size < 0) {
        return TFCAPS_ERROR_DIMS;
    }
    const int8_t *middle = table + 128;
    for (int32_t n = 0; n < size; ++n) {
        output[n] = middle[input[n]];
    }
    return TFCAPS_OK;
}
