#include "tfcaps_pool_2d.h"

#if !defined(TFCAPS_MVE) && !defined(TFCAPS_RVV)

static int8_t output_of(const tfcaps_pool_taps *taps, int32_t sum) {
    return (int8_t)tfcaps_sat(tfcaps_divide_sum(sum, taps), taps->least, taps->most);
}

/* Of one channel, or of four neighbours. */
static void output_channel(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output) {
    int32_t sum = 0;
    for (int32_t y = taps->rows; y > 0; --y) {
        const int8_t *x = input;
        for (int32_t n = taps->columns; n > 0; --n) {
            sum += *x;
            x += taps->channels;
        }
        input += taps->row;
    }
    *output = output_of(taps, sum);
}

static void output_block(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output) {
    int32_t sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
    for (int32_t y = taps->rows; y > 0; --y) {
        const int8_t *x = input;
        for (int32_t n = taps->columns; n > 0; --n) {
            sum0 += x[0];
            sum1 += x[1];
            sum2 += x[2];
            sum3 += x[3];
            x += taps->channels;
        }
        input += taps->row;
    }
    output[0] = output_of(taps, sum0);
    output[1] = output_of(taps, sum1);
    output[2] = output_of(taps, sum2);
    output[3] = output_of(taps, sum3);
}

void tfcaps_mean_channels(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output) {
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
