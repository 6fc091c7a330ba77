#include "tfcaps_paired.h"
#include "tfcaps_variant.h"

#if !defined(TFCAPS_DSP)

/* One word of weights with one word of inputs. */
static void step(int32_t weights, uint32_t inputs, uint32_t *raw, uint32_t *low) {
    const int32_t first = (int16_t)inputs;
    const int32_t second = (int16_t)(inputs >> 16);
    *raw += (uint32_t)((int16_t)weights * first + (weights >> 16) * second);
    *low += (uint32_t)((int8_t)weights * first + (int8_t)(weights >> 16) * second);
}

void tfcaps_paired_sums(const uint32_t *columns, int32_t steps, const int32_t *weights, int32_t block_words,
                        int32_t carried, const uint32_t *from, uint32_t *sums, int32_t blocks) {
    for (int32_t block = 0; block < blocks; ++block) {
        for (int32_t pair = 0; pair < 2; ++pair) {
            for (int32_t column = 0; column < 2; ++column) {
                const uint32_t high = from[2 * pair + column];
                uint32_t low = from[4 + 2 * pair + column];
                uint32_t raw = carried ? low : high;
                for (int32_t n = 0; n < steps; ++n) {
                    step(weights[2 * n + pair], columns[2 * n + column], &raw, &low);
                }
                sums[2 * pair + column] = carried ? high + (uint32_t)((int32_t)(raw - low) >> 8) : raw;
                sums[4 + 2 * pair + column] = low;
            }
        }
        weights += block_words;
        from += TFCAPS_PAIRED_SUMS;
        sums += TFCAPS_PAIRED_SUMS;
    }
}

#endif
