#include "tfcaps_pool_2d_check.h"

/* The largest values of a window, limited: of one channel, or of BLOCK neighbours. */
static void output_channel(const tfcaps_pool_2d_params *params, const tfcaps_pool_taps *taps,
                           const int8_t *input, int8_t *output) {
    int32_t largest = params->activation_min;
    for (int32_t y = taps->rows; y > 0; --y) {
        const int8_t *x = input;
        for (int32_t n = taps->columns; n > 0; --n) {
            largest = *x > largest ? *x : largest;
            x += taps->step;
        }
        input += taps->row;
    }
    *output = (int8_t)(largest < params->activation_max ? largest : params->activation_max);
}

static void output_block(const tfcaps_pool_2d_params *params, const tfcaps_pool_taps *taps,
                         const int8_t *input, int8_t *output) {
    const int32_t least = params->activation_min;
    const int32_t most = params->activation_max;
    int32_t largest0 = least, largest1 = least, largest2 = least, largest3 = least;
    for (int32_t y = taps->rows; y > 0; --y) {
        const int8_t *x = input;
        for (int32_t n = taps->columns; n > 0; --n) {
            largest0 = x[0] > largest0 ? x[0] : largest0;
            largest1 = x[1] > largest1 ? x[1] : largest1;
            largest2 = x[2] > largest2 ? x[2] : largest2;
            largest3 = x[3] > largest3 ? x[3] : largest3;
            x += taps->step;
        }
        input += taps->row;
    }
    output[0] = (int8_t)(largest0 < most ? largest0 : most);
    output[1] = (int8_t)(largest1 < most ? largest1 : most);
    output[2] = (int8_t)(largest2 < most ? largest2 : most);
    output[3] = (int8_t)(largest3 < most ? largest3 : most);
}

tfcaps_status tfcaps_max_pool_2d_s8(const tfcaps_pool_2d_params *params, const tfcaps_image_dims *input_dims,
                                    const int8_t *input, const tfcaps_image_dims *output_dims,
                                    int8_t *output) {
    const tfcaps_status status = tfcaps_check_pool_2d(params, input_dims, input, output_dims, output);
    if (status != TFCAPS_OK) {
        return status;
    }
    const tfcaps_window rows = tfcaps_pool_2d_rows(params, input_dims, output_dims);
    const tfcaps_window columns = tfcaps_pool_2d_columns(params, input_dims, output_dims);
    const int32_t channels = input_dims->channels;
    const int32_t input_row = channels * input_dims->width;
    for (int32_t batch = 0; batch < input_dims->batches; ++batch) {
        for (int32_t row = 0; row < output_dims->height; ++row) {
            const tfcaps_taps y = tfcaps_window_taps(&rows, row);
            for (int32_t column = 0; column < output_dims->width; ++column) {
                const tfcaps_taps x = tfcaps_window_taps(&columns, column);
                const int8_t *first =
                    input + (y.input + y.first) * input_row + (x.input + x.first) * channels;
                const tfcaps_pool_taps taps = {y.end - y.first, x.end - x.first, input_row, channels};
                int32_t channel = 0;
                for (; channel + TFCAPS_POOL_BLOCK <= channels; channel += TFCAPS_POOL_BLOCK) {
                    output_block(params, &taps, first + channel, output + channel);
                }
                for (; channel < channels; ++channel) {
                    output_channel(params, &taps, first + channel, output + channel);
                }
                output += channels;
            }
        }
        input += input_row * input_dims->height;
    }
    return TFCAPS_OK;
}
