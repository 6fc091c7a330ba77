#include "tfcaps_pool_2d.h"

tfcaps_status tfcaps_max_pool_2d_s8(const tfcaps_pool_2d_params *params, const tfcaps_image_dims *input_dims,
                                    const int8_t *input, const tfcaps_image_dims *output_dims,
                                    int8_t *output) {
    const tfcaps_status status = tfcaps_check_pool_2d(params, input_dims, input, output_dims, output);
    if (status != TFCAPS_OK) {
        return status;
    }
    const tfcaps_window rows = tfcaps_pool_2d_rows(params, input_dims, output_dims);
    const tfcaps_window columns = tfcaps_pool_2d_columns(params, input_dims, output_dims);
    const tfcaps_whole_run whole = tfcaps_whole_run_of(&columns);
    const int32_t channels = input_dims->channels;
    const int32_t input_row = channels * input_dims->width;
    tfcaps_pool_taps taps = {.step = columns.stride * channels,
                             .row = input_row,
                             .channels = channels,
                             .least = params->activation_min,
                             .most = params->activation_max};
    for (int32_t batch = 0; batch < input_dims->batches; ++batch) {
        for (int32_t row = 0; row < output_dims->height; ++row) {
            const tfcaps_taps y = tfcaps_window_taps(&rows, row);
            const int8_t *first = input + (y.input + y.first) * input_row;
            taps.rows = y.end - y.first;
            for (int32_t column = 0; column < output_dims->width; column += taps.windows) {
                const tfcaps_taps x = tfcaps_window_taps(&columns, column);
                taps.windows = column == whole.first && whole.count > 0 ? whole.count : 1;
                taps.columns = x.end - x.first;
                tfcaps_max_channels(&taps, first + (x.input + x.first) * channels, output);
                output += taps.windows * channels;
            }
        }
        input += input_row * input_dims->height;
    }
    return TFCAPS_OK;
}
