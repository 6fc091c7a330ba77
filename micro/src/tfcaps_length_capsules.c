#include "tfcaps_length.h"

#if !defined(TFCAPS_MVE) && !defined(TFCAPS_RVV) && !defined(TFCAPS_DSP)

void tfcaps_length_capsules(const tfcaps_length_params *params, const tfcaps_capsules_dims *dims,
                            const int8_t *input, int8_t *output) {
    tfcaps_length_each(params, dims, input, output);
}

#endif
