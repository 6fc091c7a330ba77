/* Sums of squares and their roots, of four capsules at a time: what squash and length share in Helium.
 * Private. */
#ifndef TFCAPS_SQUARES_MVE_H
#define TFCAPS_SQUARES_MVE_H

#include <arm_mve.h>

#include "tfcaps_root_table.h"

/* The sums of the squares of the capsules that begin at the offsets; zero_point is added to every value. */
static inline uint32x4_t tfcaps_square_sums(const int8_t *input, uint32x4_t offsets, int32_t dimension,
                                            int32_t zero_point) {
    uint32x4_t squares = vdupq_n_u32(0);
    for (int32_t k = 0; k < dimension; ++k) {
        const int32x4_t d = vaddq_n_s32(vldrbq_gather_offset_s32(input + k, offsets), zero_point);
        squares = vaddq_u32(squares, vreinterpretq_u32_s32(vmulq_s32(d, d)));
    }
    return squares;
}

/* Floor of the square root: the number is shifted left by an even number of bits until it begins the table's
 * way, its root by half as many back. The step from the table's y, rounded, ends within -0.51 and +0.76 of
 * the root. */
static inline uint32x4_t tfcaps_square_roots(uint32x4_t x) {
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

#endif
