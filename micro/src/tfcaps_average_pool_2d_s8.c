#include "tfcaps_pool_2d_check.h"

enum {
    MOST_PIXELS = (1 << 24) - 1, /* of one window, so that their sum fits 32 bits */
    MOST_BY_RECIPROCAL = 4080    /* 128.5 d (d - 1) < 2^31 up to here, which makes divide() exact */
};

/* A divisor, and 2^31 / divisor rounded up. */
typedef struct count {
    int32_t pixels;
    uint32_t reciprocal;
} count;

static count count_pixels(int32_t pixels) {
    /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): a window without gaps that is not behind the image */
    const count found = {pixels, (((uint32_t)1 << 31) + (uint32_t)pixels - 1) / (uint32_t)pixels};
    return found;
}

/* sum / pixels, halves away from zero, for |sum| <= 128 pixels. */
static int32_t divide(int32_t sum, const count *by) {
    const uint32_t magnitude = (uint32_t)(sum < 0 ? -sum : sum) + (uint32_t)(by->pixels / 2);
    const uint32_t quotient = by->pixels <= MOST_BY_RECIPROCAL
                                  ? (uint32_t)(((uint64_t)magnitude * by->reciprocal) >> 31)
                                  : magnitude / (uint32_t)by->pixels;
    return sum < 0 ? -(int32_t)quotient : (int32_t)quotient;
}

/* How many taps can lie inside the image at once. */
static int64_t most_taps(const tfcaps_window *window) {
    return window->taps < window->input ? window->taps : window->input;
}

/* size channels at one position; input is at the first of them of the first tap. */
static void output_block(const tfcaps_pool_2d_params *params, const int8_t *input, int32_t row,
                         int32_t channels, int32_t rows, int32_t columns, int32_t size, const count *pixels,
                         int8_t *output) {
    int32_t sums[TFCAPS_POOL_BLOCK];
    for (int32_t n = 0; n < size; ++n) {
        sums[n] = 0;
    }
    for (int32_t y = 0; y < rows; ++y) {
        for (int32_t x = 0; x < columns; ++x) {
            const int8_t *pixel = input + y * row + x * channels;
            for (int32_t n = 0; n < size; ++n) {
                sums[n] += pixel[n];
            }
        }
    }
    for (int32_t n = 0; n < size; ++n) {
        output[n] =
            (int8_t)tfcaps_sat(divide(sums[n], pixels), params->activation_min, params->activation_max);
    }
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
    const int32_t channels = input_dims->channels;
    const int32_t input_row = channels * input_dims->width;
    count pixels = count_pixels(1);
    for (int32_t batch = 0; batch < input_dims->batches; ++batch) {
        for (int32_t row = 0; row < output_dims->height; ++row) {
            const tfcaps_taps y = tfcaps_window_taps(&rows, row);
            for (int32_t column = 0; column < output_dims->width; ++column) {
                const tfcaps_taps x = tfcaps_window_taps(&columns, column);
                const int8_t *first =
                    input + (y.input + y.first) * input_row + (x.input + x.first) * channels;
                const int32_t inside = (y.end - y.first) * (x.end - x.first);
                if (inside != pixels.pixels) {
                    pixels = count_pixels(inside);
                }
                for (int32_t start = 0; start < channels; start += TFCAPS_POOL_BLOCK) {
                    const int32_t left = channels - start;
                    output_block(params, first + start, input_row, channels, y.end - y.first, x.end - x.first,
                                 left < TFCAPS_POOL_BLOCK ? left : TFCAPS_POOL_BLOCK, &pixels,
                                 output + start);
                }
                output += channels;
            }
        }
        input += input_row * input_dims->height;
    }
    return TFCAPS_OK;
}
