#include "tfcaps_squash.h"

#if !defined(TFCAPS_MVE) && !defined(TFCAPS_RVV) && !defined(TFCAPS_DSP)

void tfcaps_squash_capsules(const tfcaps_squash_params *params, const tfcaps_capsules_dims *dims,
                            const int8_t *input, int8_t *output) {
    const int32_t dimension = dims->dimension;
    for (int32_t n = 0; n < dims->capsules; ++n) {
        tfcaps_squash_capsule(params, dimension, input, output);
        input += dimension;
        output += dimension;
    }
}

#endif
