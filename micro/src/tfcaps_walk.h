/* Walks over tensors of any rank, as few dimensions as possible: neighbours that lie in memory as one
 * dimension would are joined. Private.
 *
 *     tfcaps_walk walk = {0};
 *     for each dimension from the outermost on: tfcaps_walk_add(&walk, size, step of a, step of b);
 *     const int32_t row = tfcaps_walk_rows(&walk);     the innermost dimension is the caller's loop
 *     do { ... a[0], a[walk.row_step[0]], ... } while (tfcaps_walk_next(&walk, &a, &b));
 */
#ifndef TFCAPS_WALK_H
#define TFCAPS_WALK_H

#include "tfcaps/nn.h"

typedef struct tfcaps_walk_dimension {
    int32_t size;
    int32_t index;
    int32_t step[2]; /* bytes from one element to the next, in either tensor */
} tfcaps_walk_dimension;

typedef struct tfcaps_walk {
    int32_t rank;
    tfcaps_walk_dimension dimension[TFCAPS_MAX_RANK];
    int32_t row; /* the innermost dimension, taken out by tfcaps_walk_rows */
    int32_t row_step[2];
} tfcaps_walk;

/* Whether rank and sizes are in range, and such a tensor has at most 2^31 - 1 bytes. */
int tfcaps_is_shape(const tfcaps_shape *shape);

/* The steps of a dense tensor; size[] as in shape. */
void tfcaps_dense_steps(const tfcaps_shape *shape, int32_t *step);

void tfcaps_walk_add(tfcaps_walk *walk, int32_t size, int32_t step_a, int32_t step_b);

/* Takes out the innermost dimension: row elements. */
void tfcaps_walk_rows(tfcaps_walk *walk);

/* From one row to the next; returns 0 after the last one, both offsets back at the start. */
int tfcaps_walk_next(tfcaps_walk *walk, int32_t *offset_a, int32_t *offset_b);

/* Copies every element from input (tensor a) to output (tensor b). */
void tfcaps_walk_copy(tfcaps_walk *walk, const int8_t *input, int8_t *output);

#endif
