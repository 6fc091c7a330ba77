/* Weights in the order of the file are laid out whenever a row needs them, which is what there is memory
 * for. */
#include "tfcaps_cold.h"
#include "tfcaps_depthwise.h"
#include "tfcaps_depthwise_rows.h"

#if defined(TFCAPS_DSP)
#include "tfcaps_dsp.h"

enum {
    MOST_BIAS = 1 << 29, /* to which 25 products cannot add as much again */
    LEAST_WIDTH = 3,     /* outputs of a row that are worth it to lay weights out */
    WORDS_3 = 10,        /* of a channel's weights, if there are 3 x 3 */
    ROOM = 24            /* those of one of 5 x 5, or of two of 3 x 3 */
};

typedef struct file {
    const tfcaps_channel_scales *scales;
    const tfcaps_image_dims *kernel_dims;
    const int8_t *kernel;
    const int32_t *bias;
    int32_t words[ROOM];
} file;

static TFCAPS_COLD int has_stages(const file *from) {
    for (int32_t n = 0; n < from->scales->count; ++n) {
        const int32_t shift = from->scales->shift[n];
        if (shift >= 0 || shift < -TFCAPS_DEPTHWISE_MOST_SHIFT) {
            return 0;
        }
    }
    for (int32_t n = 0; n < from->kernel_dims->channels && from->bias != NULL; ++n) {
        if (from->bias[n] < -MOST_BIAS || from->bias[n] > MOST_BIAS) {
            return 0;
        }
    }
    return 1;
}

/* Twice both. */
static inline int32_t pair(int32_t a, int32_t b) {
    return (int32_t)tfcaps_add_halves(tfcaps_halves(a, b), tfcaps_halves(a, b));
}

/* The weights of the channels of a pass, of windows `width` columns wide; that and the form are constants. */
static inline const int32_t *lay_out(const file *from, const tfcaps_depthwise_layer *layer, int32_t channel,
                                     int32_t width, int32_t form, int32_t *words) {
    const int32_t step = from->kernel_dims->channels;
    const int32_t count = tfcaps_depthwise_is_large(form) ? 1 : layer->pass.channels;
    for (const int32_t end = channel + count; channel < end; ++channel) {
        const int32_t scale = from->scales->count == 1 ? 0 : channel;
        const int32_t right = -from->scales->shift[scale];
        words[0] = from->scales->multiplier[scale];
        words[1] = (1 << (right - 1)) + layer->params->output_zero_point * (1 << right);
        words[2] = right;
        words[3] = from->bias == NULL ? 0 : 2 * from->bias[channel];
        words += TFCAPS_DEPTHWISE_STAGE;
        const int8_t *taps = from->kernel + channel;
        for (int32_t row = layer->pass.rows; row > 0; --row) {
            const int32_t w0 = taps[0];
            const int32_t w1 = width > 1 ? taps[step] : 0;
            const int32_t w2 = width > 2 ? taps[2 * step] : 0;
            const int32_t w3 = width > 3 ? taps[3 * step] : 0;
            const int32_t w4 = width > 4 ? taps[4 * step] : 0;
            words[0] = pair(w0, w1);
            words[1] = form == TFCAPS_DEPTHWISE_NEXT_3 ? pair(w1, w2) : pair(w2, w3);
            if (form == TFCAPS_DEPTHWISE_NEXT_5) {
                words[2] = pair(w1, w2);
                words[3] = pair(w3, w4);
            } else if (form == TFCAPS_DEPTHWISE_APART_5) {
                words[2] = pair(w4, 0);
            }
            words += tfcaps_depthwise_row_words(form);
            taps += width * step;
        }
    }
    return from->words;
}

static const int32_t *next_3_weights(void *to, const tfcaps_depthwise_layer *layer, int32_t channel) {
    file *from = to;
    return lay_out(from, layer, channel, 3, TFCAPS_DEPTHWISE_NEXT_3, from->words);
}

static const int32_t *next_5_weights(void *to, const tfcaps_depthwise_layer *layer, int32_t channel) {
    file *from = to;
    return lay_out(from, layer, channel, 5, TFCAPS_DEPTHWISE_NEXT_5, from->words);
}

static const int32_t *apart_3_weights(void *to, const tfcaps_depthwise_layer *layer, int32_t channel) {
    file *from = to;
    return lay_out(from, layer, channel, 3, TFCAPS_DEPTHWISE_APART_3, from->words);
}

static TFCAPS_COLD const int32_t *any_weights(void *to, const tfcaps_depthwise_layer *layer,
                                              int32_t channel) {
    file *from = to;
    return lay_out(from, layer, channel, from->kernel_dims->width, layer->pass.form, from->words);
}

int tfcaps_depthwise_by_planes(const tfcaps_conv_2d_params *params, const tfcaps_channel_scales *scales,
                               const tfcaps_image_dims *input_dims, const int8_t *input,
                               const tfcaps_image_dims *kernel_dims, const int8_t *kernel,
                               const int32_t *bias, const tfcaps_image_dims *output_dims, int8_t *output) {
    file from = {.scales = scales, .kernel_dims = kernel_dims, .kernel = kernel, .bias = bias};
    if (output_dims->width < LEAST_WIDTH || !tfcaps_depthwise_has_form(params, input_dims, kernel_dims) ||
        !has_stages(&from)) {
        return 0;
    }
    const int32_t form = (int32_t)tfcaps_depthwise_form_of(kernel_dims, params->stride_width);
    tfcaps_depthwise_layer layer;
    tfcaps_depthwise_begin(&layer, params, input_dims, kernel_dims, output_dims,
                           tfcaps_depthwise_is_large(form) ? 1 : ROOM / WORDS_3);
    tfcaps_depthwise_weights *weights = any_weights;
    if (kernel_dims->width == 3 && form == TFCAPS_DEPTHWISE_NEXT_3) {
        weights = next_3_weights;
    } else if (kernel_dims->width == 3 && form == TFCAPS_DEPTHWISE_APART_3) {
        weights = apart_3_weights;
    } else if (kernel_dims->width == 5 && form == TFCAPS_DEPTHWISE_NEXT_5) {
        weights = next_5_weights;
    }
    tfcaps_depthwise_run(&layer, input, output, weights, &from);
    return 1;
}

#endif
