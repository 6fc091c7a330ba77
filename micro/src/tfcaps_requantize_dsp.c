/* One instruction, SMMLAR, is the doubling high multiply that rounds halves up and an addition. What it adds
 * is what the shift that follows needs: half of its divisor, less one below zero so that halves go away from
 * zero, and the zero point.
 *
 * Twice a sum may not fit. Then both it and twice it, saturated, lie far beyond the limits of int8, as
 * multipliers are at least 2^30 and shifts at most MOST_SHIFT; the rare other scales go the plain way. */
#include "tfcaps_multiply.h"
#include "tfcaps_requantize.h"
#include "tfcaps_variant.h"

#if defined(TFCAPS_DSP)
#include "tfcaps_dsp.h"

enum {
    LEAST_MULTIPLIER = 1 << 30,
    MOST_SHIFT = 20
};

/* So many outputs of one scale; sums and outputs lie so many apart. */
static inline void requantize(const tfcaps_output_stage *stage, int32_t scale, int32_t count,
                              const uint32_t *sum, int32_t sum_step, int8_t *out, int32_t step) {
    const int32_t least = stage->least;
    const int32_t most = stage->most;
    const int32_t multiplier = stage->scales->multiplier[scale];
    const int32_t shift = stage->scales->shift[scale];
    if (multiplier < LEAST_MULTIPLIER || shift >= 0 || shift < -MOST_SHIFT) {
        for (; count > 0; --count) {
            *out = tfcaps_output((int32_t)*sum, multiplier, shift, stage->zero_point, least, most);
            sum += sum_step;
            out += step;
        }
        return;
    }
    const int32_t right = -shift;
    const int32_t added = (1 << (right - 1)) + stage->zero_point * (1 << right);
    for (; count > 0; --count) {
        const int32_t x = (int32_t)*sum;
        const int32_t y = tfcaps_smmlar(tfcaps_twice(x), multiplier, added - (x < 0)) >> right;
        *out = (int8_t)(y < least ? least : y > most ? most : y);
        sum += sum_step;
        out += step;
    }
}

void tfcaps_requantize(const tfcaps_output_stage *stage, int32_t first, int32_t channels, int32_t columns,
                       const uint32_t *sums, int8_t *output, int32_t step) {
    const int is_one = stage->scales->count == 1;
    if (is_one && columns == 1) { /* a row of channels is then a column of one */
        requantize(stage, 0, channels, sums, 1, output, 1);
        return;
    }
    for (int32_t n = 0; n < channels; ++n) {
        requantize(stage, is_one ? 0 : first + n, columns, sums + n, channels, output + n, step);
    }
}

#endif
