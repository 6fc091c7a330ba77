#include "tfcaps_length.h"

#if defined(TFCAPS_DSP)

#include "tfcaps_dsp.h"

void tfcaps_length_capsules(const tfcaps_length_params *params, const tfcaps_capsules_dims *dims,
                            const int8_t *input, int8_t *output) {
    const tfcaps_length_params copy = *params; /* which no output can change */
    const int32_t dimension = dims->dimension;
    const int32_t bits = tfcaps_length_bits(dimension);
    const uint32_t zero = tfcaps_both_halves(-copy.input_zero_point);
    const int8_t *outputs_end = output + dims->capsules;
    for (; output != outputs_end; ++output) {
        uint32_t squares = 0;
        const int8_t *end = input + dimension;
        for (; end - input >= 4; input += 4) {
            squares = tfcaps_add_squares(squares, zero, tfcaps_load_4(input));
        }
        squares += tfcaps_square_sum(input, (int32_t)(end - input), copy.input_zero_point);
        *output = tfcaps_length_of(&copy, squares, bits);
        input = end;
    }
}

#endif
