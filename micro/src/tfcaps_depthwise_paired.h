/* Depthwise convolution with two taps a multiplication. Private.
 *
 * One channel is a plane. Four neighbouring channels are taken apart at a time into planes whose words hold
 * two columns, column 2 n in the low half of word n; the input's zero point is taken off, so that columns
 * outside of the image are zeros and all windows are whole. A window begins in the low half of a word, or, at
 * stride 1, every second one in the high half; its row of taps is laid out for both:
 *
 *     form       window    stride   words of a row of taps              words of a row of a plane
 *     NEXT_3     to 3 x 3  1        (w0, w1) (w1, w2)                   10
 *     NEXT_5     to 5 x 5  1        (w0, w1) (w2, w3) (w1, w2) (w3, w4) 6
 *     APART_3    to 3 x 3  2        (w0, w1) (w2, 0)                    10
 *     APART_5    to 5 x 5  2        (w0, w1) (w2, w3) (w4, 0)           6
 *
 * with the first of each pair in the low half and 0 for taps that there are not. All of them are doubled, for
 * the doubling multiplication of the stage. A channel's weights are the words
 *
 *     stage      [4]    multiplier (Q31), what is added before the shift, shift right, twice the bias
 *     rows       [rows of the window][words of a row of taps]
 *
 * Whoever lays them out proves that sums are -2^30 ... 2^30 - 1 for every input there can be. */
#ifndef TFCAPS_DEPTHWISE_PAIRED_H
#define TFCAPS_DEPTHWISE_PAIRED_H

#include "tfcaps/nn.h"
#include "tfcaps_variant.h"

typedef enum tfcaps_depthwise_form {
    TFCAPS_DEPTHWISE_NEXT_3 = 0,
    TFCAPS_DEPTHWISE_NEXT_5 = 1,
    TFCAPS_DEPTHWISE_APART_3 = 2,
    TFCAPS_DEPTHWISE_APART_5 = 3
} tfcaps_depthwise_form;

enum {
    TFCAPS_DEPTHWISE_PLANES = 4,   /* taken apart at a time */
    TFCAPS_DEPTHWISE_TAPS = 5,     /* rows and columns of a window at most */
    TFCAPS_DEPTHWISE_PLANE_3 = 10, /* words of a row of a plane; the next plane's row follows */
    TFCAPS_DEPTHWISE_PLANE_5 = 6,  /* the same, in about the same memory for a window */
    TFCAPS_DEPTHWISE_BEHIND = 3,   /* words behind all planes that are read and count for nothing */
    TFCAPS_DEPTHWISE_ROOM = 3 * TFCAPS_DEPTHWISE_PLANES * TFCAPS_DEPTHWISE_PLANE_3 + TFCAPS_DEPTHWISE_BEHIND,
    TFCAPS_DEPTHWISE_STAGE = 4,
    TFCAPS_DEPTHWISE_MOST_SHIFT = 22 /* up to which the addend and what it is added to fit together */
};

static inline tfcaps_depthwise_form tfcaps_depthwise_form_of(const tfcaps_image_dims *kernel_dims,
                                                             int32_t stride) {
    const int is_large = kernel_dims->height > 3 || kernel_dims->width > 3;
    return (tfcaps_depthwise_form)(2 * (stride - 1) + is_large);
}

static inline int tfcaps_depthwise_is_large(int32_t form) {
    return form == TFCAPS_DEPTHWISE_NEXT_5 || form == TFCAPS_DEPTHWISE_APART_5;
}

/* Words of a row of a plane. */
static inline int32_t tfcaps_depthwise_plane_words(int32_t form) {
    return tfcaps_depthwise_is_large(form) ? TFCAPS_DEPTHWISE_PLANE_5 : TFCAPS_DEPTHWISE_PLANE_3;
}

/* Words of a row of taps. */
static inline int32_t tfcaps_depthwise_row_words(int32_t form) {
    return form == TFCAPS_DEPTHWISE_NEXT_5 ? 4 : form == TFCAPS_DEPTHWISE_APART_5 ? 3 : 2;
}

/* Which part of an image becomes the rows of four planes. */
typedef struct tfcaps_depthwise_cut {
    const int8_t *input; /* four channels of the first column of the first row that lie inside */
    int32_t row;         /* bytes from one row of a window to the next */
    int32_t pixel;       /* bytes from one column to the next */
    int32_t zero_point;
    int32_t above;  /* rows above the image */
    int32_t inside; /* rows that lie in it */
    int32_t below;
    int32_t before;  /* columns before it; without any inside nothing of the columns counts */
    int32_t columns; /* that lie in it */
    int32_t count;   /* words of a row, at least those of before and columns */
    int32_t form;
} tfcaps_depthwise_cut;

void tfcaps_depthwise_columns(const tfcaps_depthwise_cut *cut, uint32_t *words);

/* Moves so many words, a multiple of eight, to where they follow `by` words earlier. */
void tfcaps_depthwise_keep(uint32_t *words, int32_t count, int32_t by);

/* So many channels with a plane and weights for each, one behind the other: `columns` outputs of a row.
 * Outputs are limited to int8, not to the activation's limits. */
typedef struct tfcaps_depthwise_pass {
    const uint32_t *words; /* of the first plane, at the first output's first tap */
    const int32_t *weights;
    int32_t columns;
    int32_t rows; /* of the window */
    int32_t form;
    int8_t *output; /* of the first channel; the next one's lie one byte behind */
    int32_t step;   /* bytes from an output to the next */
    int32_t channels;
} tfcaps_depthwise_pass;

void tfcaps_depthwise_planes(const tfcaps_depthwise_pass *pass);

#if defined(TFCAPS_DSP)
/* The same of NEXT_3 with three rows. */
void tfcaps_depthwise_planes_3x3(const tfcaps_depthwise_pass *pass);
#endif

#endif
