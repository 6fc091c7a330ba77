#include "tfcaps_pool_2d.h"

enum {
    MOST_PIXELS = (1 << 24) - 1, /* of one window, so that their sum fits 32 bits */
    MOST_BY_RECIPROCAL = 4080    /* 128.5 d (d - 1) < 2^31 up to here, which makes that exact */
};

static void count_pixels(tfcaps_pool_taps *taps, int32_t pixels) {
    taps->pixels = pixels;
    taps->reciprocal = 0;
    if (pixels <= MOST_BY_RECIPROCAL) {
        /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): no window lies behind the image */
        taps->reciprocal = (((uint32_t)1 << 31) + (uint32_t)pixels - 1) / (uint32_t)pixels;
    }
}

/* How many taps can lie inside the image at once. */
static int64_t most_taps(const tfcaps_window *window) {
    return window->taps < window->input ? window->taps : window->input;
}

tfcaps_status tfcaps_average_pool_2d_s8(const tfcaps_pool_2d_params *params,
                                        const tfcaps_image_dims *input_dims, const int8_t *input,
                                        const tfcaps_image_dims *output_dims, int8_t *output) {
    const tfcaps_status status = tfcaps_check_pool_2d(params, input_dims, input, output_dims, output);
    if (status != TFCAPS_OK) {
        return status;
    }
    const tfcaps_window rows = tfcaps_pool_2d_rows(params, input_dims, output_dims);
    const tfcaps_window columns = tfcaps_pool_2d_columns(params, input_dims, output_dims);
    if (most_taps(&rows) * most_taps(&columns) > MOST_PIXELS) {
        return TFCAPS_ERROR_DIMS;
    }
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
                if (taps.rows * taps.columns != taps.pixels) {
                    count_pixels(&taps, taps.rows * taps.columns);
                }
                tfcaps_mean_channels(&taps, first + (x.input + x.first) * channels, output);
                output += taps.windows * channels;
            }
        }
        input += input_row * input_dims->height;
    }
    return TFCAPS_OK;
}
