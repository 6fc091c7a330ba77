#include "tfcaps_pool_2d.h"

#if defined(TFCAPS_MVE)

#include <arm_mve.h>

/* Sixteen channels, fewer without whole. */
static inline void output_16(const tfcaps_pool_taps *taps, const int8_t *input, int whole, mve_pred16_t lanes,
                             int8_t *output) {
    int8x16_t largest = vdupq_n_s8((int8_t)taps->least);
    for (int32_t y = taps->rows; y > 0; --y) {
        const int8_t *x = input;
        for (int32_t n = taps->columns; n > 0; --n) {
            largest = vmaxq_s8(largest, whole ? vldrbq_s8(x) : vldrbq_z_s8(x, lanes));
            x += taps->channels;
        }
        input += taps->row;
    }
    largest = vminq_s8(largest, vdupq_n_s8((int8_t)taps->most));
    if (whole) {
        vstrbq_s8(output, largest);
    } else {
        vstrbq_p_s8(output, largest, lanes);
    }
}

void tfcaps_max_channels(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output) {
    for (int32_t n = taps->windows; n > 0; --n) {
        int32_t channel = 0;
        for (; channel + 16 <= taps->channels; channel += 16) {
            output_16(taps, input + channel, 1, 0, output + channel);
        }
        if (channel < taps->channels) {
            const mve_pred16_t lanes = vctp8q((uint32_t)(taps->channels - channel));
            output_16(taps, input + channel, 0, lanes, output + channel);
        }
        input += taps->step;
        output += taps->channels;
    }
}

#endif
