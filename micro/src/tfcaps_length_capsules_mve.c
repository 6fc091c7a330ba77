#include "tfcaps_length.h"

#if defined(TFCAPS_MVE)

#include "tfcaps_squares_mve.h"

enum {
    LANES = 4,         /* capsules at a time */
    LEAST_CAPSULES = 2 /* for which vectors take fewer instructions */
};

void tfcaps_length_capsules(const tfcaps_length_params *params, const tfcaps_capsules_dims *dims,
                            const int8_t *input, int8_t *output) {
    const int32_t dimension = dims->dimension;
    const int32_t bits = tfcaps_length_bits(dimension);
    const tfcaps_length_shifts shifts = tfcaps_length_shifts_of(params->shift);
    const int32x4_t multiplier = vdupq_n_s32(params->multiplier);
    const int32x4_t most = vdupq_n_s32(INT8_MAX); /* no length is below 0, and so no output below -128 */
    if (params->shift < TFCAPS_LENGTH_LEAST_SHIFT || dims->capsules < LEAST_CAPSULES) {
        tfcaps_length_each(params, dims, input, output);
        return;
    }
    for (int32_t left = dims->capsules; left > 0;
         left -= LANES) { /* lanes behind the end do the last again */
        const uint32x4_t capsules = vminq_u32(vidupq_n_u32(0, 1), vdupq_n_u32((uint32_t)left - 1));
        const uint32x4_t offsets = vmulq_n_u32(capsules, (uint32_t)dimension);
        const uint32x4_t squares = tfcaps_square_sums(input, offsets, dimension, -params->input_zero_point);
        const uint32x4_t lengths = tfcaps_square_roots(vshlq_r_u32(squares, bits));
        const int32x4_t wide = vreinterpretq_s32_u32(vshlq_r_u32(lengths, shifts.before));
        const int32x4_t scaled = vrshlq_n_s32(vmulhq_s32(wide, multiplier), -shifts.after);
        const int32x4_t found = vminq_s32(vaddq_n_s32(scaled, params->output_zero_point), most);
        vstrbq_p_s32(output, found, vctp32q((uint32_t)left));
        input += LANES * dimension;
        output += LANES;
    }
}

#endif
