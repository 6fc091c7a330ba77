/* Weights of four filters side by side, and two inputs in a word, for ahead-of-time C
 * (converters/c/layouts/interleaved.py). Private.
 *
 * A word x0 + 2^16 x1 of the inputs of two columns, times a weight, is both products at once. Such words are
 * added up over a group of taps. Where the magnitudes of a filter's weights in it come to at most 255, both
 * sums are below 2^15, and the word can be taken apart: column 1 is (word + 2^15) >> 16. Sums are kept as
 *
 *     both = column 0 + 2^16 column 1        (modulo 2^32)
 *     high = column 1                        (modulo 2^32)
 *
 * to which a group adds its word and its high: column 0 is both - 2^16 high in the end.
 *
 * Taps come in turns of six; the first turn of a filter has two or four where that many are over. A filter of
 * an odd number of taps begins with one of weight 0. Filters come in blocks of four, the last one filled up
 * with zeros. A layer's weights are [block][turn]:
 *
 *     groups    [1]               one of tfcaps_interleaved_groups; ignored in a first turn of less than six
 *     weights   [taps][4]         of the four filters */
#ifndef TFCAPS_INTERLEAVED_H
#define TFCAPS_INTERLEAVED_H

#include "tfcaps/nn.h"

/* How a turn of six taps is added up. */
typedef enum tfcaps_interleaved_groups {
    TFCAPS_INTERLEAVED_SIX = -1,   /* one group of six */
    TFCAPS_INTERLEAVED_THREES = 0, /* two of three */
    TFCAPS_INTERLEAVED_TWOS = 1    /* three of two */
} tfcaps_interleaved_groups;

enum {
    TFCAPS_INTERLEAVED_FILTERS = 4, /* of a block */
    TFCAPS_INTERLEAVED_COLUMNS = 4, /* added up at a time */
    TFCAPS_INTERLEAVED_SUMS = 16,   /* words of a block: [filter][pair of columns]{both, high} */
    TFCAPS_INTERLEAVED_TURN = 6,    /* taps */
    TFCAPS_INTERLEAVED_TAP_BYTES = 8,
    TFCAPS_INTERLEAVED_ENOUGH = 72 /* taps of a window that have to fit scratch memory at a time */
};

/* Taps of a filter in the weights: an even number. */
static inline int32_t tfcaps_interleaved_taps(const tfcaps_image_dims *kernel_dims) {
    const int32_t taps = kernel_dims->height * kernel_dims->width * kernel_dims->channels;
    return taps + taps % 2;
}

/* Bytes of the weights of so many taps of a block: all, or a multiple of six that the last turns are. */
static inline int32_t tfcaps_interleaved_bytes(int32_t taps) {
    return TFCAPS_INTERLEAVED_FILTERS * taps + (taps + TFCAPS_INTERLEAVED_TURN - 1) / TFCAPS_INTERLEAVED_TURN;
}

/* The inputs of four columns as words: words[2 * n] of columns 0 and 1, words[2 * n + 1] of columns 2 and 3.
 */
void tfcaps_interleaved_columns(const int8_t *const columns[4], int32_t size, uint32_t *words);

/* Taps of a window that are added to the sums of blocks. */
typedef struct tfcaps_interleaved_pass {
    const uint32_t *words; /* [taps][2] */
    const uint32_t *words_end;
    const int8_t *weights; /* of these taps, of the first block */
    int32_t skip;          /* bytes from there on to those of the next block, without the block's own */
    uint32_t *sums;        /* [blocks][16] */
    const uint32_t *sums_end;
    int32_t lacking; /* taps of the first turn that there are none of: 0, 2 or 4 */
} tfcaps_interleaved_pass;

/* There is at least one block and one turn. As all sums here, they wrap where the reference overflows. */
void tfcaps_interleaved_blocks(const tfcaps_interleaved_pass *pass);

#endif
