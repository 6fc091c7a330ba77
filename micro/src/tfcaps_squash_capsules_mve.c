#include "tfcaps_squash.h"

#if defined(TFCAPS_MVE)

#include "tfcaps_squares_mve.h"

enum {
    LANES = 4 /* capsules at a time */
};

static inline int32x4_t gains(const tfcaps_squash_params *params, uint32x4_t squares, int32_t f) {
    uint32_t dividends[LANES];
    uint32_t divisors[LANES];
    const uint32x4_t roots = tfcaps_square_roots(vshlq_r_u32(squares, f));
    vst1q_u32(dividends, vshlq_n_u32(roots, 16));
    vst1q_u32(divisors, vaddq_n_u32(vshlq_n_u32(squares, 4), params->inverse_square_scale));
    int32_t found[LANES];
    for (int32_t n = 0; n < LANES; ++n) {
        found[n] = (int32_t)(dividends[n] / divisors[n]);
    }
    return vld1q_s32(found);
}

void tfcaps_squash_capsules(const tfcaps_squash_params *params, const tfcaps_capsules_dims *dims,
                            const int8_t *input, int8_t *output) {
    const int32_t dimension = dims->dimension;
    const int32_t zero_point = -params->input_zero_point;
    const tfcaps_squash_bits bits = tfcaps_squash_bits_of(dimension);
    const uint32x4_t lanes = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)dimension);
    const int32x4_t shift = vdupq_n_s32(-bits.shift);
    const int32x4_t least = vdupq_n_s32(INT8_MIN);
    const int32x4_t most = vdupq_n_s32(INT8_MAX);
    int32_t left = dims->capsules;
    for (; left >= LANES; left -= LANES) {
        const uint32x4_t squares = tfcaps_square_sums(input, lanes, dimension, zero_point);
        const int32x4_t gain = gains(params, squares, bits.f);
        for (int32_t k = 0; k < dimension; ++k) {
            const int32x4_t d = vaddq_n_s32(vldrbq_gather_offset_s32(input + k, lanes), zero_point);
            const int32x4_t v = vrshlq_s32(vmulq_s32(d, gain), shift);
            vstrbq_scatter_offset_s32(output + k, lanes, vminq_s32(vmaxq_s32(v, least), most));
        }
        input += LANES * dimension;
        output += LANES * dimension;
    }
    for (; left > 0; --left) {
        tfcaps_squash_capsule(params, dimension, input, output);
        input += dimension;
        output += dimension;
    }
}

#endif
