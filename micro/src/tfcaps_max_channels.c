#include "tfcaps_pool_2d.h"

#if !defined(TFCAPS_MVE) && !defined(TFCAPS_RVV) && !defined(TFCAPS_DSP)

/* Of one channel, or of four neighbours. */
static void output_channel(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output) {
    int32_t largest = taps->least;
    for (int32_t y = taps->rows; y > 0; --y) {
        const int8_t *x = input;
        for (int32_t n = taps->columns; n > 0; --n) {
            largest = *x > largest ? *x : largest;
            x += taps->channels;
        }
        input += taps->row;
    }
    *output = (int8_t)(largest < taps->most ? largest : taps->most);
}

static void output_block(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output) {
    const int32_t least = taps->least;
    const int32_t most = taps->most;
    int32_t largest0 = least, largest1 = least, largest2 = least, largest3 = least;
    for (int32_t y = taps->rows; y > 0; --y) {
        const int8_t *x = input;
        for (int32_t n = taps->columns; n > 0; --n) {
            largest0 = x[0] > largest0 ? x[0] : largest0;
            largest1 = x[1] > largest1 ? x[1] : largest1;
            largest2 = x[2] > largest2 ? x[2] : largest2;
            largest3 = x[3] > largest3 ? x[3] : largest3;
            x += taps->channels;
        }
        input += taps->row;
    }
    output[0] = (int8_t)(largest0 < most ? largest0 : most);
    output[1] = (int8_t)(largest1 < most ? largest1 : most);
    output[2] = (int8_t)(largest2 < most ? largest2 : most);
    output[3] = (int8_t)(largest3 < most ? largest3 : most);
}

void tfcaps_max_channels(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output) {
    const tfcaps_pool_taps own = *taps; /* which a compiler knows the outputs not to overwrite */
    const int32_t last = own.channels - 4;
    for (int32_t n = own.windows; n > 0; --n) {
        int32_t channel = 0;
        while (channel < own.channels && last >= 0) {
            channel = channel < last ? channel : last; /* some a second time */
            output_block(&own, input + channel, output + channel);
            channel += 4;
        }
        for (; channel < own.channels; ++channel) {
            output_channel(&own, input + channel, output + channel);
        }
        input += own.step;
        output += own.channels;
    }
}

#endif
