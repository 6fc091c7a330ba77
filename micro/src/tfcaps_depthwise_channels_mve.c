#include "tfcaps_depthwise.h"

#if defined(TFCAPS_MVE)

#include <arm_mve.h>

/* Eight channels, fewer without whole: products of even and odd ones. */
static inline void add_8(const tfcaps_depthwise_taps *taps, const int8_t *input, int32_t zero_point,
                         const int8_t *kernel, int whole, mve_pred16_t lanes, uint32_t *sums) {
    int32x4x2_t sum = vld2q_s32((const int32_t *)sums);
    for (int32_t y = 0; y < taps->rows; ++y) {
        const int8_t *x = input + y * taps->input_row;
        const int8_t *w = kernel + y * taps->kernel_row;
        for (int32_t n = taps->columns; n > 0; --n) {
            const int16x8_t values =
                vsubq_n_s16(whole ? vldrbq_s16(x) : vldrbq_z_s16(x, lanes), (int16_t)zero_point);
            const int16x8_t weights = whole ? vldrbq_s16(w) : vldrbq_z_s16(w, lanes);
            sum.val[0] = vaddq_s32(sum.val[0], vmullbq_int_s16(values, weights));
            sum.val[1] = vaddq_s32(sum.val[1], vmulltq_int_s16(values, weights));
            x += taps->input_step;
            w += taps->kernel_step;
        }
    }
    vst2q_s32((int32_t *)sums, sum);
}

void tfcaps_depthwise_channels(const tfcaps_depthwise_taps *taps, const int8_t *input, int32_t zero_point,
                               const int8_t *kernel, int32_t channels, uint32_t *sums) {
    for (; channels >= 8; channels -= 8) {
        add_8(taps, input, zero_point, kernel, 1, 0, sums);
        input += 8;
        kernel += 8;
        sums += 8;
    }
    if (channels > 0) {
        add_8(taps, input, zero_point, kernel, 0, vctp16q((uint32_t)channels), sums);
    }
}

#endif
