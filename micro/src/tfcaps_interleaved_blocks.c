#include "tfcaps_interleaved.h"
#include "tfcaps_variant.h"

#if !defined(TFCAPS_RV32)

/* Adds a word's products to two sums {both, high}; high may be taken from each word as well as from a group's
 * sum. */
static inline void add(int32_t weight, uint32_t word, uint32_t sums[2]) {
    const int32_t high = (int32_t)(word + 0x8000u) >> 16;
    sums[0] += word * (uint32_t)weight;
    sums[1] += (uint32_t)(high * weight);
}

void tfcaps_interleaved_blocks(const tfcaps_interleaved_pass *pass) {
    const int8_t *weights = pass->weights;
    for (uint32_t *sums = pass->sums; sums < pass->sums_end; sums += TFCAPS_INTERLEAVED_SUMS) {
        int32_t taps = TFCAPS_INTERLEAVED_TURN - pass->lacking;
        for (const uint32_t *words = pass->words; words < pass->words_end;) {
            ++weights; /* groups need not be told apart */
            for (; taps > 0; --taps) {
                for (int32_t n = 0; n < TFCAPS_INTERLEAVED_FILTERS; ++n) {
                    add(*weights, words[0], sums + 4 * n);
                    add(*weights++, words[1], sums + 4 * n + 2);
                }
                words += 2;
            }
            taps = TFCAPS_INTERLEAVED_TURN;
        }
        weights += pass->skip;
    }
}

#endif
