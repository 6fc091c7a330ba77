#include "tfcaps_multiply.h"
#include "tfcaps_paired.h"
#include "tfcaps_variant.h"

#if !defined(TFCAPS_DSP)

/* One word of weights with one word of inputs, both halves. */
static uint32_t halves(int32_t weights, uint32_t inputs) {
    return (uint32_t)((int16_t)weights * (int16_t)inputs + (weights >> 16) * (int16_t)(inputs >> 16));
}

/* The same with the low bytes of the weights. */
static uint32_t low_bytes(int32_t weights, uint32_t inputs) {
    return (uint32_t)((int8_t)weights * (int16_t)inputs + (int8_t)(weights >> 16) * (int16_t)(inputs >> 16));
}

static void add_single(const tfcaps_paired_blocks_pass *pass, const int32_t *weights, uint32_t *sums) {
    for (int32_t n = 0; n < 2 * pass->steps; n += 2) {
        for (int32_t column = 0; column < 2; ++column) {
            sums[column] += halves(weights[n], pass->columns[n + column]);
            sums[2 + column] += halves(weights[n + 1], pass->columns[n + column]);
        }
    }
}

/* Adds to low and raw, or to low and high. */
static void add_pairs(const tfcaps_paired_blocks_pass *pass, const int32_t *weights, uint32_t *sums) {
    for (int32_t column = 0; column < 2; ++column) {
        uint32_t low = sums[column];
        uint32_t raw = pass->form == TFCAPS_PAIRED_CARRIED ? low : sums[2 + column];
        for (int32_t n = 0; n < pass->steps; ++n) {
            low += low_bytes(weights[n], pass->columns[2 * n + column]);
            raw += halves(weights[n], pass->columns[2 * n + column]);
        }
        sums[column] = low;
        if (pass->form == TFCAPS_PAIRED_CARRIED) {
            sums[2 + column] += (uint32_t)((int32_t)(raw - low) >> 8);
        } else {
            sums[2 + column] = raw;
        }
    }
}

/* The sums of a block, twice, as they are of single weights. */
static void make_twice(int32_t form, uint32_t *sums) {
    for (int32_t column = 0; column < 2 && form != TFCAPS_PAIRED_SINGLE; ++column) {
        if (form == TFCAPS_PAIRED_PAIRS) {
            sums[2 + column] = (uint32_t)((int32_t)(sums[2 + column] - sums[column]) >> 8);
        }
        sums[2 + column] *= 2;
        sums[column] *= 2;
    }
}

void tfcaps_paired_blocks(tfcaps_paired_blocks_pass *pass) {
    const int32_t *weights = pass->weights;
    uint32_t *kept = pass->sums;
    int8_t *output = pass->output;
    for (;;) {
        uint32_t sums[TFCAPS_PAIRED_SUMS];
        for (int32_t n = 0; n < TFCAPS_PAIRED_SUMS; ++n) {
            sums[n] = pass->task == TFCAPS_PAIRED_ALL ? (uint32_t)weights[n] : kept[n];
        }
        if (pass->task == TFCAPS_PAIRED_ALL) {
            weights += TFCAPS_PAIRED_SUMS;
        }
        if (pass->form == TFCAPS_PAIRED_SINGLE) {
            add_single(pass, weights, sums);
            weights += 2 * pass->steps;
        } else {
            add_pairs(pass, weights, sums);
            weights += pass->steps;
        }
        if (pass->task == TFCAPS_PAIRED_SOME) {
            for (int32_t n = 0; n < TFCAPS_PAIRED_SUMS; ++n) {
                kept[n] = sums[n];
            }
        } else {
            make_twice(pass->form, sums);
            for (int32_t n = 0; n < TFCAPS_PAIRED_FILTERS; ++n) {
                output[pass->distance] = tfcaps_output_of_twice((int32_t)sums[2 * n + 1], weights + 3 * n);
                *output++ = tfcaps_output_of_twice((int32_t)sums[2 * n], weights + 3 * n);
            }
            weights += TFCAPS_PAIRED_STAGES;
        }
        if (pass->task != TFCAPS_PAIRED_ALL) {
            kept += TFCAPS_PAIRED_SUMS;
        }
        if (pass->task == TFCAPS_PAIRED_SOME ? kept == pass->sums_end : output == pass->output_end) {
            return;
        }
        weights += pass->skip / 4;
    }
}

#endif
