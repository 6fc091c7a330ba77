/* Squash once its arguments are right: the loop of tfcaps_squash_s8, one variant a file. Private. */
#ifndef TFCAPS_SQUASH_H
#define TFCAPS_SQUASH_H

#include "tfcaps/kernels.h"
#include "tfcaps_fixed_point.h"
#include "tfcaps_variant.h"

/* The output may be the input. */
void tfcaps_squash_capsules(const tfcaps_squash_params *params, const tfcaps_capsules_dims *dims,
                            const int8_t *input, int8_t *output);

/* What the bits of the arithmetic follow from, for a dimension. */
typedef struct tfcaps_squash_bits {
    int32_t f;
    int32_t shift; /* of an output, to the right */
} tfcaps_squash_bits;

static inline tfcaps_squash_bits tfcaps_squash_bits_of(int32_t dimension) {
    const int32_t f = tfcaps_length_bits(dimension);
    const tfcaps_squash_bits bits = {f, f / 2 + 5};
    return bits;
}

/* One capsule in plain C. */
static inline void tfcaps_squash_capsule(const tfcaps_squash_params *params, int32_t dimension,
                                         const int8_t *input, int8_t *output) {
    const tfcaps_squash_bits bits = tfcaps_squash_bits_of(dimension);
    const int32_t zero_point = params->input_zero_point;
    const int32_t half = 1 << (bits.shift - 1);
    const uint32_t n2 = tfcaps_square_sum(input, dimension, zero_point);
    const int32_t gain =
        (int32_t)((tfcaps_isqrt(n2 << bits.f) << 16) / (params->inverse_square_scale + (n2 << 4)));
    for (int32_t k = 0; k < dimension; ++k) { /* |d * gain| <= 2^(f/2 + 12), because |d|^2 <= n2 */
        output[k] = tfcaps_sat8(((input[k] - zero_point) * gain + half) >> bits.shift);
    }
}

#endif
