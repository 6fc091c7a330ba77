#include "tfcaps_multiply.h"
#include "tfcaps_paired.h"
#include "tfcaps_variant.h"

#if !defined(TFCAPS_DSP)

/* One sum as an output; its stage is {multiplier, what is added, shift right}. */
static int8_t output_of(int32_t sum, const int32_t *stage, int32_t least, int32_t most) {
    const uint32_t high = (uint32_t)tfcaps_multiply_high(sum, stage[0]);
    const int32_t y = (int32_t)(high + (uint32_t)stage[1] - (sum < 0)) >> stage[2];
    return (int8_t)(y < least ? least : y > most ? most : y);
}

void tfcaps_paired_outputs(const uint32_t *sums, int32_t carried, const int32_t *stages, int32_t filters,
                           int32_t least, int32_t most, int8_t *output0, int8_t *output1) {
    for (int32_t filter = 0; filter < filters; ++filter) {
        const uint32_t *pair = sums + filter / 4 * TFCAPS_PAIRED_SUMS + (filter & 2);
        for (int32_t column = 0; column < 2; ++column) {
            int32_t sum = (int32_t)pair[4 + column];
            if (filter & 1) {
                sum = carried ? (int32_t)pair[column] : (int32_t)(pair[column] - pair[4 + column]) >> 8;
            }
            (column == 0 ? output0 : output1)[filter] = output_of(sum, stages + 3 * filter, least, most);
        }
    }
}

#endif
