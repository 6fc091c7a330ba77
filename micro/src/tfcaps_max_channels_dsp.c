#include "tfcaps_pool_2d.h"

#if defined(TFCAPS_DSP)
#include "tfcaps_dsp.h"
#include <string.h>

/* The larger ones of four bytes with sign: SSUB8 remembers for each of them which it is, SEL takes it. */
static inline uint32_t larger_bytes(uint32_t a, uint32_t b) {
    uint32_t larger;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(larger) : "r"(a), "r"(b));
    return larger;
}

static inline uint32_t smaller_bytes(uint32_t a, uint32_t b) {
    uint32_t smaller;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(smaller) : "r"(a), "r"(b));
    return smaller;
}

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

static void output_4(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output) {
    uint32_t largest = (uint8_t)taps->least * 0x01010101u;
    for (int32_t y = taps->rows; y > 0; --y) {
        const int8_t *x = input;
        for (int32_t n = taps->columns; n > 0; --n) {
            largest = larger_bytes(largest, tfcaps_load_4(x));
            x += taps->channels;
        }
        input += taps->row;
    }
    largest = smaller_bytes(largest, (uint8_t)taps->most * 0x01010101u);
    memcpy(output, &largest, sizeof largest);
}

void tfcaps_max_channels(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output) {
    const tfcaps_pool_taps own = *taps; /* which a compiler knows the outputs not to overwrite */
    const int32_t last = own.channels - 4;
    for (int32_t n = own.windows; n > 0; --n) {
        int32_t channel = 0;
        while (channel < own.channels && last >= 0) {
            channel = channel < last ? channel : last; /* some a second time */
            output_4(&own, input + channel, output + channel);
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
