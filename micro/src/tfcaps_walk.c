#include <string.h>

#include "tfcaps_walk.h"

int tfcaps_is_shape(const tfcaps_shape *shape) {
    if (shape->rank < 0 || shape->rank > TFCAPS_MAX_RANK) {
        return 0;
    }
    uint64_t bytes = 1;
    for (int32_t n = 0; n < shape->rank; ++n) {
        if (shape->size[n] < 1) {
            return 0;
        }
        bytes *= (uint64_t)shape->size[n];
        if (bytes > INT32_MAX) {
            return 0;
        }
    }
    return 1;
}

void tfcaps_dense_steps(const tfcaps_shape *shape, int32_t *step) {
    int32_t bytes = 1;
    for (int32_t n = shape->rank - 1; n >= 0; --n) {
        step[n] = bytes;
        bytes *= shape->size[n];
    }
}

void tfcaps_walk_add(tfcaps_walk *walk, int32_t size, int32_t step_a, int32_t step_b) {
    if (size == 1) {
        return;
    }
    if (walk->rank > 0) {
        tfcaps_walk_dimension *outer = &walk->dimension[walk->rank - 1];
        if ((int64_t)size * step_a == outer->step[0] && (int64_t)size * step_b == outer->step[1]) {
            outer->size *= size;
            outer->step[0] = step_a;
            outer->step[1] = step_b;
            return;
        }
    }
    const tfcaps_walk_dimension added = {size, 0, {step_a, step_b}};
    walk->dimension[walk->rank++] = added;
}

void tfcaps_walk_rows(tfcaps_walk *walk) {
    const tfcaps_walk_dimension one = {1, 0, {1, 1}};
    const tfcaps_walk_dimension *row = walk->rank > 0 ? &walk->dimension[--walk->rank] : &one;
    walk->row = row->size;
    walk->row_step[0] = row->step[0];
    walk->row_step[1] = row->step[1];
}

int tfcaps_walk_next(tfcaps_walk *walk, int32_t *offset_a, int32_t *offset_b) {
    for (int32_t n = walk->rank - 1; n >= 0; --n) {
        tfcaps_walk_dimension *at = &walk->dimension[n];
        if (++at->index < at->size) {
            *offset_a += at->step[0];
            *offset_b += at->step[1];
            return 1;
        }
        at->index = 0;
        *offset_a -= (at->size - 1) * at->step[0];
        *offset_b -= (at->size - 1) * at->step[1];
    }
    return 0;
}

void tfcaps_walk_copy(tfcaps_walk *walk, const int8_t *input, int8_t *output) {
    int32_t from = 0;
    int32_t to = 0;
    tfcaps_walk_rows(walk);
    const int32_t row = walk->row; /* copies that no output can lie on */
    const int32_t input_step = walk->row_step[0];
    const int32_t output_step = walk->row_step[1];
    do {
        const int8_t *source = input + from;
        int8_t *target = output + to;
        if (input_step == 1 && output_step == 1) {
            memcpy(target, source, (size_t)row);
        } else {
            for (int32_t n = row; n > 0; --n) {
                *target = *source;
                source += input_step;
                target += output_step;
            }
        }
    } while (tfcaps_walk_next(walk, &from, &to));
}
