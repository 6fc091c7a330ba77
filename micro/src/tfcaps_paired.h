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
 * -2^30 ... 2^30 - 1 in any case. Layers of few weights have them single instead: 2 w in a halfword of its
 * own, in twice the memory, and nothing to take out of it.
 *
 * A block is two filters at two columns, four sums: of the first filter at column 0 and at column 1, of the
 * second at both. Of a pair, the first is low and the second is raw; of single weights, both are twice the
 * sum. A step is two taps: a word of two inputs from each column (the first tap in the low half), and a word
 * of two halfwords of a pair or of each single filter. In words, a layer's weights are
 *
 *     form      [1]    one of tfcaps_paired_form
 *     blocks    of each two filters:
 *         starts    [4]             what its sums begin with: biases that hold the input's zero point
 * already, high in place of raw where it is carried weights   [steps] pairs, or [steps][2] single stages
 * [2][3]          multiplier (Q31), what is added before the shift, shift right
 *
 * Taps run along the rows of the window. Of four bytes that lie side by side in a row, 0 and 2 make the first
 * step, 1 and 3 the second, as SXTB16 takes them apart; two that are left of a row make a step, and of three
 * the outer two. The odd byte that then is left, last or last but one, meets that of the next row, behind
 * both rows, or none. Rows of TFCAPS_PAIRED_LONG bytes or more do not meet. Where there is no byte there is
 * weight 0, and any input; a filter that fills the last block has weight 0 too. */
#ifndef TFCAPS_PAIRED_H
#define TFCAPS_PAIRED_H

#include "tfcaps/nn.h"

typedef enum tfcaps_paired_form {
    TFCAPS_PAIRED_PAIRS = 0,
    TFCAPS_PAIRED_CARRIED = 1, /* pairs whose high is carried from part to part */
    TFCAPS_PAIRED_SINGLE = 2   /* only of windows of at most TFCAPS_PAIRED_ENOUGH steps */
} tfcaps_paired_form;

enum {
    TFCAPS_PAIRED_FILTERS = 2, /* of a block */
    TFCAPS_PAIRED_SUMS = 4,
    TFCAPS_PAIRED_STAGES = 6,
    TFCAPS_PAIRED_STEP_BYTES = 8, /* of inputs taken apart */
    TFCAPS_PAIRED_LONG = 64,      /* bytes of a row */
    TFCAPS_PAIRED_ENOUGH =
        128, /* steps that a loop should have: more save little of what it costs to begin one */
    TFCAPS_PAIRED_MOST_SHIFT = 22, /* up to which the addend and what it is added to fit together */
    TFCAPS_PAIRED_PART = 256       /* steps: 256 * 2 * 127 * 128 < 2^23 */
};

/* The taps of a window. */
typedef struct tfcaps_paired_window {
    int32_t size;     /* bytes of a row */
    int32_t rows;     /* of the window */
    int32_t together; /* rows whose odd bytes meet */
} tfcaps_paired_window;

static inline tfcaps_paired_window tfcaps_paired_window_of(const tfcaps_image_dims *kernel_dims) {
    const int32_t size = kernel_dims->width * kernel_dims->channels;
    const tfcaps_paired_window window = {size, kernel_dims->height, size < TFCAPS_PAIRED_LONG ? 2 : 1};
    return window;
}

/* The steps of so many of its rows, all that are left or a multiple of those whose odd bytes meet. */
static inline int32_t tfcaps_paired_steps(const tfcaps_paired_window *window, int32_t rows) {
    const int32_t odd = window->size % 2 == 0 ? 0 : (rows + window->together - 1) / window->together;
    return rows * (window->size / 2) + odd;
}

/* Rows of two columns that are taken apart, each step bytes behind the one before. */
typedef struct tfcaps_paired_rows {
    int32_t rows;
    uint32_t *words;   /* [2 * step + column] */
    uintptr_t ways[6]; /* what a variant remembers; ways[0] is 0 whenever size, step or together are new */
    int32_t size; /* bytes: of the window's rows, or of a part of one that begins at a multiple of four */
    int32_t step;
    int32_t together; /* rows whose odd bytes meet */
} tfcaps_paired_rows;

void tfcaps_paired_columns(const int8_t *column0, const int8_t *column1, tfcaps_paired_rows *rows);

/* What a pass over the blocks of a layer does with the steps that have been taken apart. */
typedef enum tfcaps_paired_task {
    TFCAPS_PAIRED_ALL = 0,  /* from a block's starts to its outputs */
    TFCAPS_PAIRED_SOME = 1, /* from its sums to its sums */
    TFCAPS_PAIRED_LAST = 2  /* from its sums to its outputs */
} tfcaps_paired_task;

/* A pass over blocks. There is at least one block and one step; of carried pairs at most TFCAPS_PAIRED_PART
 * steps, and tasks only from sums; of single weights only the task from starts to outputs. */
typedef struct tfcaps_paired_blocks_pass {
    int8_t *output_end; /* behind the last output of column 0 */
    intptr_t distance;  /* bytes from an output of column 0 to that of column 1 */
    int8_t *output;     /* the first one of column 0, two a block */
    int32_t skip;       /* bytes from what is used of a block's weights to what is used of the next's */
    uint32_t *sums;     /* [blocks][4] */
    uint32_t *sums_end;
    const uint32_t *columns;
    int32_t steps;
    int32_t form;
    int32_t task;
    const int32_t *weights; /* of the first block: from its starts on, or those of the first step */
    uintptr_t ways[5];      /* what a variant remembers; ways[0] is 0 whenever steps, form or task are new */
} tfcaps_paired_blocks_pass;

/* Outputs are limited to int8, not to the activation's limits. */
void tfcaps_paired_blocks(tfcaps_paired_blocks_pass *pass);

#endif
