/* Weights of four filters side by side, for ahead-of-time C (converters/c/layouts/interleaved.py). Private.
 *
 * Filters come in blocks of four, the last one filled up with zeros: [block][tap][filter of the block], int8.
 * One pointer then reaches all weights of a block, where the plain layout needs one for each filter, and the
 * registers saved keep sums. */
#ifndef TFCAPS_INTERLEAVED_H
#define TFCAPS_INTERLEAVED_H

#include "tfcaps_dot_block.h"

enum {
    TFCAPS_INTERLEAVED_FILTERS = 4, /* of a block */
    TFCAPS_INTERLEAVED_COLUMNS = 4  /* added up at a time */
};

/* sums[4 * column + filter] += weights of the filter . input of the column, at four columns that lie
 * input_stride bytes apart. Of bytes, size counts taps, and both steps are bytes: kernel_step those between
 * the weights of two rows of a block. As all sums here, they wrap where the reference overflows. */
void tfcaps_interleaved_4x4(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t input_stride,
                            const int8_t *kernel, uint32_t sums[16]);

/* sums[filter] += weights of the filter . (input - zero_point). */
void tfcaps_interleaved_4x1(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t zero_point,
                            const int8_t *kernel, uint32_t sums[4]);

#endif
