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

/* The outputs of one vector of channels at so many columns, whose sums lie pitch words apart. */
static inline void vector_of_outputs(const int32_t *sums, int32_t pitch, int32_t columns,
                                     int32x4_t multiplier, int32x4_t shift, const constants *c,
                                     mve_pred16_t lanes, int8_t *output, int32_t step) {
    const int32x4_t left = vmaxq_s32(shift, vdupq_n_s32(0));
    const int32x4_t right = vminq_s32(shift, vdupq_n_s32(0));
    for (; columns > 0; --columns) {
        vstrbq_p_s32(output, outputs_of(vldrwq_z_s32(sums, lanes), multiplier, left, right, c), lanes);
        sums += pitch;
        output += step;
    }
}

static inline void requantize(const tfcaps_output_stage *stage, int32_t first, int32_t channels,
                              int32_t columns, const int32_t *sums, int32_t pitch, int8_t *output,
                              int32_t step) {
    const constants c = {stage->zero_point, vdupq_n_s32(stage->least), vdupq_n_s32(stage->most)};
    const int32_t *multiplier = stage->scales->multiplier;
    const int32_t *shift = stage->scales->shift;
    if (stage->scales->count == 1) {
        for (int32_t n = 0; n < channels; n += 4) {
            vector_of_outputs(sums + n, pitch, columns, vdupq_n_s32(*multiplier), vdupq_n_s32(*shift), &c,
                              vctp32q((uint32_t)(channels - n)), output + n, step);
        }
        return;
    }
    multiplier += first;
    shift += first;
    for (int32_t n = 0; n < channels; n += 4) {
        const mve_pred16_t lanes = vctp32q((uint32_t)(channels - n));
        vector_of_outputs(sums + n, pitch, columns, vldrwq_z_s32(multiplier + n, lanes),
                          vldrwq_z_s32(shift + n, lanes), &c, lanes, output + n, step);
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
