#include "tfcaps_softmax.h"

/* Whether no entry is negative. */
static int is_table_of_exps(const int32_t *table) {
    enum {
        STEP = 8
    };
    int32_t all = 0;
    for (int32_t n = 0; n < TFCAPS_LOOKUP_SIZE; n += STEP) {
        for (int32_t k = 0; k < STEP; ++k) {
            all |= table[n + k];
        }
    }
    return all >= 0;
}

tfcaps_status tfcaps_softmax_s8(const tfcaps_softmax_params *params, const tfcaps_softmax_dims *dims,
                                const int8_t *input, int8_t *output) {
    if (params == NULL || params->exp_table == NULL || dims == NULL || input == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (params->exp_table[0] < 1 << 30 || !is_table_of_exps(params->exp_table)) {
        return TFCAPS_ERROR_RANGE;
    }
    if (dims->rows < 1 || dims->depth < 1 || dims->depth > TFCAPS_MAX_SOFTMAX_DEPTH ||
        (int64_t)dims->rows * dims->depth > INT32_MAX) {
        return TFCAPS_ERROR_DIMS;
    }
    tfcaps_softmax_rows(params->exp_table, dims, input, output);
    return TFCAPS_OK;
}
