#include "tfcaps_pool_2d.h"

#if defined(TFCAPS_MVE)

#include <arm_mve.h>

/* tfcaps_divide_sum of all lanes. */
static inline int32x4_t divide_sums(int32x4_t sums, const tfcaps_pool_taps *taps) {
    if (taps->reciprocal == 0) {
        int32_t each[4];
        vst1q_s32(each, sums);
        for (int32_t n = 0; n < 4; ++n) {
            each[n] = tfcaps_divide_sum(each[n], taps);
        }
        return vld1q_s32(each);
    }
    const uint32x4_t magnitudes =
        vaddq_n_u32(vreinterpretq_u32_s32(vabsq_s32(sums)), (uint32_t)taps->pixels / 2);
    const int32x4_t quotients =
        vreinterpretq_s32_u32(vmulhq_u32(vshlq_n_u32(magnitudes, 1), vdupq_n_u32(taps->reciprocal)));
    return vnegq_m_s32(quotients, quotients, vcmpltq_n_s32(sums, 0));
}

static inline void output_4(const tfcaps_pool_taps *taps, int32x4_t sums, mve_pred16_t lanes,
                            int8_t *output) {
    const int32x4_t means = divide_sums(sums, taps);
    const int32x4_t limited = vminq_s32(vmaxq_s32(means, vdupq_n_s32(taps->least)), vdupq_n_s32(taps->most));
    vstrbq_p_s32(output, limited, lanes);
}

/* Sixteen channels. */
static void output_16(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output) {
    int32x4_t sum0 = vdupq_n_s32(0);
    int32x4_t sum1 = sum0;
    int32x4_t sum2 = sum0;
    int32x4_t sum3 = sum0;
    for (int32_t y = taps->rows; y > 0; --y) {
        const int8_t *x = input;
        for (int32_t n = taps->columns; n > 0; --n) {
            sum0 = vaddq_s32(sum0, vldrbq_s32(x));
            sum1 = vaddq_s32(sum1, vldrbq_s32(x + 4));
            sum2 = vaddq_s32(sum2, vldrbq_s32(x + 8));
            sum3 = vaddq_s32(sum3, vldrbq_s32(x + 12));
            x += taps->channels;
        }
        input += taps->row;
    }
    const mve_pred16_t all = vctp32q(4);
    output_4(taps, sum0, all, output);
    output_4(taps, sum1, all, output + 4);
    output_4(taps, sum2, all, output + 8);
    output_4(taps, sum3, all, output + 12);
}

/* Four, or as many as lanes says. */
static void output_last(const tfcaps_pool_taps *taps, const int8_t *input, mve_pred16_t lanes,
                        int8_t *output) {
    int32x4_t sum = vdupq_n_s32(0);
    for (int32_t y = taps->rows; y > 0; --y) {
        const int8_t *x = input;
        for (int32_t n = taps->columns; n > 0; --n) {
            sum = vaddq_s32(sum, vldrbq_z_s32(x, lanes));
            x += taps->channels;
        }
        input += taps->row;
    }
    output_4(taps, sum, lanes, output);
}

void tfcaps_mean_channels(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output) {
    for (int32_t n = taps->windows; n > 0; --n) {
        int32_t channel = 0;
        for (; channel + 16 <= taps->channels; channel += 16) {
            output_16(taps, input + channel, output + channel);
        }
        for (; channel < taps->channels; channel += 4) {
            const mve_pred16_t lanes = vctp32q((uint32_t)(taps->channels - channel));
            output_last(taps, input + channel, lanes, output + channel);
        }
        input += taps->step;
        output += taps->channels;
    }
}

#endif
