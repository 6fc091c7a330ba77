/* Sums become outputs. Private. */
#ifndef TFCAPS_REQUANTIZE_H
#define TFCAPS_REQUANTIZE_H

#include "tfcaps/nn.h"

/* What an int8 output is made with: TensorFlow Lite's multiplier and shift of each channel, or of all. */
typedef struct tfcaps_output_stage {
    const tfcaps_channel_scales *scales;
    int32_t zero_point;
    int32_t least; /* activation_min and activation_max: int8 */
    int32_t most;
} tfcaps_output_stage;

/* The outputs of `channels` channels from `first` on, at `columns` columns that lie `step` bytes apart:
 *
 *     output[step * c + n] = tfcaps_output(sums[channels * c + n], scale of channel first + n, ...)
 *
 * columns is 1 for a row of channels. */
void tfcaps_requantize(const tfcaps_output_stage *stage, int32_t first, int32_t channels, int32_t columns,
                       const uint32_t *sums, int8_t *output, int32_t step);

#endif
