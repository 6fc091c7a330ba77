#include "tfcaps_depthwise_rows.h"
#include "tfcaps_cold.h"
#include "tfcaps_noinline.h"

TFCAPS_COLD void tfcaps_depthwise_begin(tfcaps_depthwise_layer *layer, const tfcaps_conv_2d_params *params,
                                        const tfcaps_image_dims *input_dims,
                                        const tfcaps_image_dims *kernel_dims,
                                        const tfcaps_image_dims *output_dims, int32_t together) {
    const int32_t form = (int32_t)tfcaps_depthwise_form_of(kernel_dims, params->stride_width);
    const int32_t width = output_dims->width;
    layer->params = params;
    layer->input_dims = input_dims;
    layer->output_dims = output_dims;
    layer->channel_words = TFCAPS_DEPTHWISE_STAGE + kernel_dims->height * tfcaps_depthwise_row_words(form);
    layer->multiplier = output_dims->channels / input_dims->channels;
    layer->taps = tfcaps_depthwise_is_large(form) ? 5 : 3;
    layer->pitch = TFCAPS_DEPTHWISE_PLANES * tfcaps_depthwise_plane_words(form);
    /* As few tiles as there can be, equal but for outputs that are made four at a time. */
    const int32_t most = (layer->pitch / 2 - layer->taps) / params->stride_width + 1;
    const int32_t tiles = (width + most - 1) / most;
    const int32_t equal = (width + tiles - 1) / tiles;
    const int32_t fours = (equal + 3) & ~3;
    layer->tile = fours < most ? fours : most;
    layer->kept = NULL;
    layer->keep = 0;
    layer->pass.rows = kernel_dims->height;
    layer->pass.form = form;
    layer->pass.step = output_dims->channels;
    layer->pass.channels = layer->multiplier == 1 ? together : 1;
    layer->cut.row = 0;
    layer->cut.pixel = input_dims->channels;
    layer->cut.zero_point = params->input_zero_point;
    layer->cut.form = form;
}

TFCAPS_COLD void tfcaps_depthwise_use_scratch(tfcaps_depthwise_layer *layer, const tfcaps_context *context) {
    const int32_t width = layer->output_dims->width;
    const int32_t channels = layer->output_dims->channels;
    const int32_t tiles = (width + layer->tile - 1) / layer->tile;
    const int32_t blocks = (channels + TFCAPS_DEPTHWISE_PLANES - 1) / TFCAPS_DEPTHWISE_PLANES;
    const size_t words = (size_t)(layer->pass.rows * layer->pitch);
    const size_t size =
        ((size_t)tiles * (size_t)blocks * words + TFCAPS_DEPTHWISE_BEHIND) * sizeof *layer->kept;
    const int32_t shared = layer->pass.rows - layer->params->stride_height;
    if (layer->params->dilation_height == 1 && shared > 0 && context->buf != NULL && context->size >= size) {
        layer->kept = (uint32_t *)context->buf;
        layer->keep = shared;
    }
}

/* Says what pass.columns outputs of row y from the first one on need to have taken apart; where the first
 * `kept` rows are there already, only of the others. The place in an image where that begins. */
static ptrdiff_t cut_window(tfcaps_depthwise_layer *layer, int32_t y, int32_t first, int32_t kept) {
    const tfcaps_conv_2d_params *params = layer->params;
    const int32_t height = layer->input_dims->height;
    const int32_t width = layer->input_dims->width;
    const int32_t dilation = layer->pass.rows > 1 ? params->dilation_height : 1;
    const int32_t x = first * params->stride_width - params->padding_left;
    tfcaps_depthwise_cut *cut = &layer->cut;
    cut->before = x < 0 ? -x : 0;
    cut->count = ((layer->pass.columns - 1) * params->stride_width + layer->taps + 1) / 2;
    const int32_t room = width - (x + cut->before);
    const int32_t most = 2 * cut->count - cut->before;
    cut->columns = room < most ? room : most;
    int32_t top = y * params->stride_height - params->padding_top + kept * dilation;
    int32_t rows = layer->pass.rows - kept;
    cut->above = 0;
    for (; rows > 0 && top < 0; --rows) {
        top += dilation;
        ++cut->above;
    }
    cut->inside = 0;
    for (int32_t below = top; rows > 0 && below < height; --rows) {
        below += dilation;
        ++cut->inside;
    }
    cut->below = rows;
    cut->row = cut->inside > 1 ? dilation * width * cut->pixel : 0; /* else it may not fit */
    return cut->inside > 0 ? (top * width + x + cut->before) * cut->pixel : 0;
}

static void make_outputs(const tfcaps_depthwise_pass *pass) {
#if defined(TFCAPS_DSP)
    if (pass->form == TFCAPS_DEPTHWISE_NEXT_3 && pass->rows == 3) {
        tfcaps_depthwise_planes_3x3(pass);
        return;
    }
#endif
    tfcaps_depthwise_planes(pass);
}

/* pass.columns outputs of four neighbouring channels. The first `kept` rows of planes are there already, but
 * where those of the window above it were. */
static void make_block(tfcaps_depthwise_layer *layer, const int8_t *input, int32_t channel, int32_t kept,
                       uint32_t *words, int8_t *output, tfcaps_depthwise_weights *weights, void *from) {
    const int32_t last = layer->input_dims->channels - TFCAPS_DEPTHWISE_PLANES;
    const int32_t source = channel / layer->multiplier;
    const int32_t plane = source < last ? source : last;
    tfcaps_depthwise_pass *pass = &layer->pass;
    if (kept > 0) {
        tfcaps_depthwise_keep(words, kept * layer->pitch, (pass->rows - kept) * layer->pitch);
    }
    layer->cut.input = input + plane;
    tfcaps_depthwise_columns(&layer->cut, words + kept * layer->pitch);
    for (int32_t n = channel; n < channel + TFCAPS_DEPTHWISE_PLANES; n += pass->channels) {
        pass->words = words + (n / layer->multiplier - plane) * (layer->pitch / TFCAPS_DEPTHWISE_PLANES);
        pass->weights = weights(from, layer, n);
        pass->output = output + n;
        make_outputs(pass);
    }
}

/* The activation's limits, where they are narrower than int8's. */
static TFCAPS_NOINLINE void limit(const tfcaps_conv_2d_params *params, int8_t *output, int32_t size) {
    const int32_t least = params->activation_min;
    const int32_t most = params->activation_max;
    for (int32_t n = 0; n < size; ++n) {
        output[n] = (int8_t)(output[n] < least ? least : output[n] > most ? most : output[n]);
    }
}

/* Row y of the outputs. What does not fill the last block of channels comes with channels that are done
 * already. */
static void make_row(tfcaps_depthwise_layer *layer, const int8_t *image, int32_t y, int8_t *output,
                     tfcaps_depthwise_weights *weights, void *from) {
    const int32_t width = layer->output_dims->width;
    const int32_t channels = layer->output_dims->channels;
    const int32_t last = channels - TFCAPS_DEPTHWISE_PLANES;
    const int32_t kept = y == 0 ? 0 : layer->keep;
    const int32_t step = layer->keep > 0 ? layer->pass.rows * layer->pitch : 0;
    uint32_t *words = layer->keep > 0 ? layer->kept : layer->words;
    for (int32_t first = 0; first < width; first += layer->tile) {
        layer->pass.columns = width - first < layer->tile ? width - first : layer->tile;
        const int8_t *input = image + cut_window(layer, y, first, kept);
        for (int32_t next = 0; next < channels; next += TFCAPS_DEPTHWISE_PLANES) {
            make_block(layer, input, next < last ? next : last, kept, words, output, weights, from);
            words += step;
        }
        output += layer->pass.columns * channels;
    }
}

void tfcaps_depthwise_run(tfcaps_depthwise_layer *layer, const int8_t *input, int8_t *output,
                          tfcaps_depthwise_weights *weights, void *from) {
    const tfcaps_image_dims *dims = layer->input_dims;
    const tfcaps_conv_2d_params *params = layer->params;
    const int32_t row = layer->output_dims->width * layer->output_dims->channels;
    const int is_limited = params->activation_min > INT8_MIN || params->activation_max < INT8_MAX;
    for (int32_t batch = 0; batch < dims->batches; ++batch) {
        for (int32_t y = 0; y < layer->output_dims->height; ++y) {
            make_row(layer, input, y, output, weights, from);
            if (is_limited) {
                limit(params, output, row);
            }
            output += row;
        }
        input += dims->height * dims->width * dims->channels;
    }
}
