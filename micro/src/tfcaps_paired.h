/* Paired weights: two filters share a halfword, so that one multiplication serves both. Private.
 *
 * For weights h ("high") and l ("low") of one tap, 256 h + l is a halfword as long as h and l are -127 ...
 * 127. Summed up with the inputs, such halfwords give
 *
 *     raw = 256 high + low        (modulo 2^32, bias included)
 *
 * and summing up their low bytes gives low alone. So high = (raw - low) / 256, exactly, wherever it is -2^23
 * ... 2^23 - 1: whoever lays out weights proves that for every input there can be. Where it is not so for a
 * whole window it is for TFCAPS_PAIRED_PART of its steps, and high is carried on from part to part. Sums are
 * -2^30 ... 2^30 - 1 in any case.
 *
 * A block is four filters at two columns, the even ones low: eight sums in the order
 *
 *     raw of filters 0 and 1 at column 0, at column 1, raw of filters 2 and 3 at column 0, at column 1,
 *     low of filter 0 at column 0, at column 1, low of filter 2 at column 0, at column 1
 *
 * A step is two taps: a word of two inputs from each column (the first tap in the low half), a word of two
 * halfwords from each pair of filters. In words, a layer's weights are
 *
 *     parts     [1]                 0, or 1 where high is carried from part to part
 *     starts    [blocks][8]         what the sums begin with: biases that hold the input's zero point
 * already; high in place of raw where it is carried weights   [blocks][steps][2] stages    [blocks][4][3] of
 * each filter: multiplier (Q31), what is added before the shift, shift right
 *
 * Taps run along the bytes of the window's runs: rows of it, or pixels where it is dilated in width. Of four
 * bytes that lie side by side in a run, 0 and 2 make the first step, 1 and 3 the second, as SXTB16 takes them
 * apart; what is left of a run ends with such steps of three bytes, or with one step of two or of one. Where
 * there is no byte there is weight 0, and any input; filters that fill the last block have weight 0 too. */
#ifndef TFCAPS_PAIRED_H
#define TFCAPS_PAIRED_H

#include "tfcaps/nn.h"

enum {
    TFCAPS_PAIRED_FILTERS = 4, /* of a block */
    TFCAPS_PAIRED_SUMS = 8,
    TFCAPS_PAIRED_STEP_BYTES = 8,  /* of inputs taken apart */
    TFCAPS_PAIRED_MOST_SHIFT = 22, /* up to which the addend and what it is added to fit together */
    TFCAPS_PAIRED_PART = 256       /* steps: 256 * 2 * 127 * 128 < 2^23 */
};

/* The taps of a window. */
typedef struct tfcaps_paired_window {
    int32_t taps;        /* pixels of a run */
    int32_t size;        /* bytes of a run */
    int32_t runs_of_row; /* of the kernel */
    int32_t runs;        /* of the window */
    int32_t steps;       /* of the window */
} tfcaps_paired_window;

static inline tfcaps_paired_window tfcaps_paired_window_of(const tfcaps_conv_2d_params *params,
                                                           const tfcaps_image_dims *kernel_dims) {
    tfcaps_paired_window window;
    window.taps = params->dilation_width == 1 ? kernel_dims->width : 1;
    window.size = window.taps * kernel_dims->channels;
    window.runs_of_row = kernel_dims->width / window.taps;
    window.runs = kernel_dims->height * window.runs_of_row;
    window.steps = window.runs * ((window.size + 1) / 2);
    return window;
}

/* Takes apart `size` bytes of two columns, `runs` times, each step bytes behind the one before. A run's
 * bytes begin at its offset 0 or at a multiple of four: words[2 * step + column], (size + 1) / 2 steps a run.
 */
void tfcaps_paired_columns(const int8_t *column0, const int8_t *column1, int32_t size, int32_t runs,
                           int32_t step, uint32_t *words);

/* sums[b] = from[b] + the products of so many steps, for b = 0 ... blocks - 1 blocks of eight. from and sums
 * may be the same. weights of a block lie block_words words behind those of the one before. With `carried`,
 * both have high in place of raw, and steps is at most TFCAPS_PAIRED_PART. steps >= 1, blocks >= 1. */
void tfcaps_paired_sums(const uint32_t *columns, int32_t steps, const int32_t *weights, int32_t block_words,
                        int32_t carried, const uint32_t *from, uint32_t *sums, int32_t blocks);

/* The outputs of so many filters at both columns, from their blocks' sums and stages; with `carried`, sums
 * have high in place of raw. */
void tfcaps_paired_outputs(const uint32_t *sums, int32_t carried, const int32_t *stages, int32_t filters,
                           int32_t least, int32_t most, int8_t *output0, int8_t *output1);

#endif
