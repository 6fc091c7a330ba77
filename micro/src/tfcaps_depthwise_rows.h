/* The rows of a depthwise convolution by planes, wherever the weights come from. Private. */
#ifndef TFCAPS_DEPTHWISE_ROWS_H
#define TFCAPS_DEPTHWISE_ROWS_H

#include "tfcaps_depthwise_paired.h"

/* What stays the same for the whole convolution, and what lies in the planes. */
typedef struct tfcaps_depthwise_layer {
    const tfcaps_conv_2d_params *params;
    const tfcaps_image_dims *input_dims;
    const tfcaps_image_dims *output_dims;
    int32_t channel_words; /* of weights */
    int32_t multiplier;    /* output channels of one input channel */
    int32_t taps;          /* columns of a window, with those that are zero */
    int32_t pitch;         /* words from a row of planes to the next */
    int32_t tile;          /* most outputs of a row at a time */
    uint32_t *kept;        /* planes of all channels and tiles of a row, or NULL */
    int32_t keep;          /* rows that a window shares with the one above it, if they are kept */
    tfcaps_depthwise_pass pass;
    tfcaps_depthwise_cut cut;
    uint32_t words[TFCAPS_DEPTHWISE_ROOM];
} tfcaps_depthwise_layer;

/* The weights of layer->pass.channels channels from this one on. */
typedef const int32_t *tfcaps_depthwise_weights(void *from, const tfcaps_depthwise_layer *layer,
                                                int32_t channel);

/* Whether there is a form for it. */
static inline int tfcaps_depthwise_has_form(const tfcaps_conv_2d_params *params,
                                            const tfcaps_image_dims *input_dims,
                                            const tfcaps_image_dims *kernel_dims) {
    return input_dims->channels >= TFCAPS_DEPTHWISE_PLANES && kernel_dims->height <= TFCAPS_DEPTHWISE_TAPS &&
           kernel_dims->width <= TFCAPS_DEPTHWISE_TAPS && params->stride_width <= 2 &&
           (kernel_dims->width == 1 || params->dilation_width == 1);
}

/* All but the planes, where there is a form. Passes are of so many channels, 1, 2 or 4, if the multiplier
 * is 1. */
void tfcaps_depthwise_begin(tfcaps_depthwise_layer *layer, const tfcaps_conv_2d_params *params,
                            const tfcaps_image_dims *input_dims, const tfcaps_image_dims *kernel_dims,
                            const tfcaps_image_dims *output_dims, int32_t together);

/* Rows that windows share are taken apart once, if scratch memory, aligned to 4, has room for their planes.
 */
void tfcaps_depthwise_use_scratch(tfcaps_depthwise_layer *layer, const tfcaps_context *context);

/* All outputs, with whatever `from` is to the function that finds weights. */
void tfcaps_depthwise_run(tfcaps_depthwise_layer *layer, const int8_t *input, int8_t *output,
                          tfcaps_depthwise_weights *weights, void *from);

#endif
