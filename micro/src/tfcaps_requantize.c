#include "tfcaps_multiply.h"
#include "tfcaps_requantize.h"
#include "tfcaps_variant.h"

#if !defined(TFCAPS_DSP) && !defined(TFCAPS_MVE) && !defined(TFCAPS_RVV)

void tfcaps_requantize(const tfcaps_output_stage *stage, int32_t first, int32_t channels, int32_t columns,
                       const uint32_t *sums, int8_t *output, int32_t step) {
    const tfcaps_output_stage out = *stage; /* a copy that no output can lie on */
    for (int32_t n = 0; n < channels; ++n) {
        const int32_t scale = out.scales->count == 1 ? 0 : first + n;
        const int32_t multiplier = out.scales->multiplier[scale];
        const int32_t shift = out.scales->shift[scale];
        const uint32_t *sum = sums + n;
        int8_t *to = output + n;
        for (int32_t column = 0; column < columns; ++column) {
            *to = tfcaps_output((int32_t)*sum, multiplier, shift, out.zero_point, out.least, out.most);
            sum += channels;
            to += step;
        }
    }
}

#endif
