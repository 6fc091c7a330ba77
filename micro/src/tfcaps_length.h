/* Length once its arguments are right: the loop of tfcaps_length_s8, one variant a file. Private. */
#ifndef TFCAPS_LENGTH_H
#define TFCAPS_LENGTH_H

#include "tfcaps/kernels.h"
#include "tfcaps_fixed_point.h"
#include "tfcaps_variant.h"

void tfcaps_length_capsules(const tfcaps_length_params *params, const tfcaps_capsules_dims *dims,
                            const int8_t *input, int8_t *output);

/* The length of a capsule from the sum of its squares, as an output. */
static inline int8_t tfcaps_length_of(const tfcaps_length_params *params, uint32_t squares, int32_t bits) {
    const int32_t length = (int32_t)tfcaps_isqrt(squares << bits);
    return tfcaps_sat8(tfcaps_requantise(length, params->multiplier, params->shift) +
                       params->output_zero_point);
}

/* The same in vectors of 32 bits: the high half of (length << before) * multiplier, shifted right by `after`
 * with halves up. A length has 16 bits, so that there is room for `before` with shifts of 18 and more; with a
 * smaller one and a multiplier of 31 bits, 127 limits every length but zero. */
typedef struct tfcaps_length_shifts {
    int32_t before;
    int32_t after;
} tfcaps_length_shifts;

enum {
    TFCAPS_LENGTH_LEAST_SHIFT = 18
};

static inline tfcaps_length_shifts tfcaps_length_shifts_of(int32_t shift) {
    const int32_t before = shift > 32 ? 0 : 33 - shift;
    const tfcaps_length_shifts shifts = {before, shift + before - 32};
    return shifts;
}

/* In plain C. */
static inline void tfcaps_length_each(const tfcaps_length_params *params, const tfcaps_capsules_dims *dims,
                                      const int8_t *input, int8_t *output) {
    const tfcaps_length_params copy = *params; /* which no output can change */
    const int32_t dimension = dims->dimension;
    const int32_t bits = tfcaps_length_bits(dimension);
    const int8_t *end = output + dims->capsules;
    for (; output != end; ++output) {
        *output = tfcaps_length_of(&copy, tfcaps_square_sum(input, dimension, copy.input_zero_point), bits);
        input += dimension;
    }
}

#endif
