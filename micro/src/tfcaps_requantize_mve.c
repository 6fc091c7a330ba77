#include "tfcaps_patches.h"
#include "tfcaps_requantize.h"
#include "tfcaps_variant.h"

#if defined(TFCAPS_MVE)

#include <arm_mve.h>

/* What does not change from sum to sum. */
typedef struct constants {
    int32_t zero_point;
    int32x4_t least; /* with the zero point */
    int32x4_t most;
} constants;

/* Four outputs. VQRDMULH is the doubling multiplication, VRSHL rounds halves up; what is taken from negative
 * sums first, if they are shifted at all, makes that away from zero. */
static inline int32x4_t outputs_of(int32x4_t sums, int32x4_t multiplier, int32x4_t left, int32x4_t right,
                                   const constants *c) {
    int32x4_t x = vqrdmulhq_s32(vshlq_s32(sums, left), multiplier);
    x = vaddq_s32(x, vshrq_n_s32(vandq_s32(x, right), 31));
    x = vaddq_n_s32(vrshlq_s32(x, right), c->zero_point);
    return vminq_s32(vmaxq_s32(x, c->least), c->most);
}

/* So many outputs of one column with a scale each, a multiple of four. */
static inline void requantize_column(const int32_t *multipliers, const int32_t *shifts, int32_t channels,
                                     const int32_t *sums, const constants *c, int8_t *output) {
    const int32x4_t zero = vdupq_n_s32(0);
    for (; channels > 0; channels -= 4) {
        const int32x4_t shift = vld1q_s32(shifts);
        vstrbq_s32(output, outputs_of(vld1q_s32(sums), vld1q_s32(multipliers), vmaxq_s32(shift, zero),
                                      vminq_s32(shift, zero), c));
        multipliers += 4;
        shifts += 4;
        sums += 4;
        output += 4;
    }
}

static inline void requantize(const tfcaps_output_stage *stage, int32_t first, int32_t channels,
                              int32_t columns, const int32_t *sums, int32_t pitch, int8_t *output,
                              int32_t step) {
    const constants c = {stage->zero_point, vdupq_n_s32(stage->least), vdupq_n_s32(stage->most)};
    const int each = stage->scales->count != 1;
    const int32_t *multipliers = stage->scales->multiplier + (each ? first : 0);
    const int32_t *shifts = stage->scales->shift + (each ? first : 0);
    int32x4_t multiplier = vdupq_n_s32(*multipliers);
    int32x4_t shift = vdupq_n_s32(*shifts);
    if (each && columns == 1) {
        const int32_t whole = channels & ~3;
        requantize_column(multipliers, shifts, whole, sums, &c, output);
        multipliers += whole;
        shifts += whole;
        sums += whole;
        output += whole;
        channels -= whole;
    }
    for (; channels >= 4; channels -= 4) {
        if (each) {
            multiplier = vld1q_s32(multipliers);
            shift = vld1q_s32(shifts);
            multipliers += 4;
            shifts += 4;
        }
        const int32x4_t left = vmaxq_s32(shift, vdupq_n_s32(0));
        const int32x4_t right = vminq_s32(shift, vdupq_n_s32(0));
        const int32_t *sum = sums;
        int8_t *out = output;
        for (int32_t column = columns; column > 0; --column) {
            vstrbq_s32(out, outputs_of(vld1q_s32(sum), multiplier, left, right, &c));
            sum += pitch;
            out += step;
        }
        sums += 4;
        output += 4;
    }
    const mve_pred16_t lanes = vctp32q((uint32_t)channels);
    if (each) {
        multiplier = vldrwq_z_s32(multipliers, lanes);
        shift = vldrwq_z_s32(shifts, lanes);
    }
    const int32x4_t left = vmaxq_s32(shift, vdupq_n_s32(0));
    const int32x4_t right = vminq_s32(shift, vdupq_n_s32(0));
    for (; channels > 0 && columns > 0; --columns) {
        vstrbq_p_s32(output, outputs_of(vldrwq_z_s32(sums, lanes), multiplier, left, right, &c), lanes);
        sums += pitch;
        output += step;
    }
}

void tfcaps_patch_outputs(const tfcaps_output_stage *stage, int32_t first, int32_t filters, int32_t columns,
                          const uint32_t *sums, int8_t *output, int32_t step) {
    requantize(stage, first, filters, columns, (const int32_t *)sums, TFCAPS_PATCH_FILTERS, output, step);
}

void tfcaps_requantize(const tfcaps_output_stage *stage, int32_t first, int32_t channels, int32_t columns,
                       const uint32_t *sums, int8_t *output, int32_t step) {
    requantize(stage, first, channels, columns, (const int32_t *)sums, channels, output, step);
}

#endif
