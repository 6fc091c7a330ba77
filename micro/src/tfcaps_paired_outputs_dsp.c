#include "tfcaps_paired.h"
#include "tfcaps_variant.h"

#if defined(TFCAPS_DSP)
#include "tfcaps_dsp.h"

/* Twice a sum as an output; what is added is one less below zero, so that halves go away from it. */
static int32_t output_of(int32_t twice, int32_t multiplier, int32_t added, int32_t right) {
    const int32_t y = tfcaps_smmlar(twice, multiplier, added + (twice >> 31)) >> right;
    int32_t limited;
    __asm__("ssat %0, #8, %1" : "=r"(limited) : "r"(y));
    return limited;
}

/* The activation's limits, where they are narrower than int8's. */
static void limit(int8_t *output, int32_t size, int32_t least, int32_t most) {
    for (int32_t n = 0; n < size; ++n) {
        output[n] = (int8_t)(output[n] < least ? least : output[n] > most ? most : output[n]);
    }
}

void tfcaps_paired_outputs(const uint32_t *sums, const int32_t *stages, int32_t filters, int32_t least,
                           int32_t most, int8_t *output0, int8_t *output1) {
    for (int32_t filter = 0; filter < filters; filter += 2) {
        const uint32_t *low = sums + 4;
        const int32_t multiplier = stages[0], added = stages[1], right = stages[2];
        output0[filter] = (int8_t)output_of((int32_t)(low[0] << 1), multiplier, added, right);
        output1[filter] = (int8_t)output_of((int32_t)(low[1] << 1), multiplier, added, right);
        if (filter + 1 < filters) {
            const int32_t high_multiplier = stages[3], high_added = stages[4], high_right = stages[5];
            const int32_t high0 = (int32_t)(sums[0] - low[0]) >> 7;
            const int32_t high1 = (int32_t)(sums[1] - low[1]) >> 7;
            output0[filter + 1] = (int8_t)output_of(high0, high_multiplier, high_added, high_right);
            output1[filter + 1] = (int8_t)output_of(high1, high_multiplier, high_added, high_right);
        }
        stages += 6;
        sums += filter % 4 == 0 ? 2 : TFCAPS_PAIRED_SUMS - 2;
    }
    if (least > INT8_MIN || most < INT8_MAX) {
        limit(output0, filters, least, most);
        limit(output1, filters, least, most);
    }
}

#endif
