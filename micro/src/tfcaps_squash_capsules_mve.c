#include "tfcaps_root_table.h"
#include "tfcaps_squash.h"

#if defined(TFCAPS_MVE)

#include <arm_mve.h>

enum {
    LANES = 4 /* capsules at a time */
};

/* Floor of the square root: the number is shifted left by an even number of bits until it begins the table's
 * way, its root by half as many back. The step from the table's y, rounded, ends within -0.51 and +0.76 of
 * the root. */
static inline uint32x4_t square_roots(uint32x4_t x) {
    const uint32x4_t most = vdupq_n_u32(30);
    const uint32x4_t bits = vbicq_n_u32(vminq_u32(vclzq_u32(x), most), 1);
    const uint32x4_t m = vshlq_u32(x, vreinterpretq_s32_u32(bits));
    const uint32x4_t entry = vldrwq_gather_shifted_offset_u32(
        tfcaps_root_table, vqsubq_n_u32(vshrq_n_u32(m, 24), TFCAPS_ROOT_FIRST));
    const int32x4_t near = vreinterpretq_s32_u32(vshrq_n_u32(entry, 16));
    const int32x4_t reciprocal = vreinterpretq_s32_u32(vmovlbq_u16(vreinterpretq_u16_u32(entry)));
    const int32x4_t target = vreinterpretq_s32_u32(m);
    int32x4_t root = vaddq_s32(near, vrmulhq_s32(vsubq_s32(target, vmulq_s32(near, near)), reciprocal));
    root = vaddq_s32(root, vshrq_n_s32(vsubq_s32(target, vmulq_s32(root, root)), 31)); /* less one if above */
    return vshlq_u32(vreinterpretq_u32_s32(root), vnegq_s32(vreinterpretq_s32_u32(vshrq_n_u32(bits, 1))));
}

static inline int32x4_t gains(const tfcaps_squash_params *params, uint32x4_t squares, int32_t f) {
    uint32_t dividends[LANES];
    uint32_t divisors[LANES];
    const uint32x4_t roots = square_roots(vshlq_r_u32(squares, f));
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
        uint32x4_t squares = vdupq_n_u32(0);
        for (int32_t k = 0; k < dimension; ++k) {
            const int32x4_t d = vaddq_n_s32(vldrbq_gather_offset_s32(input + k, lanes), zero_point);
            squares = vaddq_u32(squares, vreinterpretq_u32_s32(vmulq_s32(d, d)));
        }
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
