#include "tfcaps_lookup.h"
#include "tfcaps/nn.h"

tfcaps_status tfcaps_lookup_s8(const int8_t *table, int32_t size, const int8_t *input, int8_t *output) {
    if (table == NULL || input == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (size < 0) {
        return TFCAPS_ERROR_DIMS;
    }
    tfcaps_look_up(table, size, input, output);
    return TFCAPS_OK;
}
