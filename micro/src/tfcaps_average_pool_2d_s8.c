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

static int8_t output_of(const tfcaps_pool_2d_params *params, int32_t sum, const count *pixels) {
    return (int8_t)tfcaps_sat(divide(sum, pixels), params->activation_min, params->activation_max);
}

/* The means of a window: of one channel, or of TFCAPS_POOL_BLOCK neighbours. */
static void output_channel(const tfcaps_pool_2d_params *params, const tfcaps_pool_taps *taps,
                           const int8_t *input, const count *pixels, int8_t *output) {
    int32_t sum = 0;
    for (int32_t y = taps->rows; y > 0; --y) {
        const int8_t *x = input;
        for (int32_t n = taps->columns; n > 0; --n) {
            sum += *x;
            x += taps->step;
        }
        input += taps->row;
    }
    *output = output_of(params, sum, pixels);
}

static void output_block(const tfcaps_pool_2d_params *params, const tfcaps_pool_taps *taps,
                         const int8_t *input, const count *pixels, int8_t *output) {
    int32_t sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
    for (int32_t y = taps->rows; y > 0; --y) {
        const int8_t *x = input;
        for (int32_t n = taps->columns; n > 0; --n) {
            sum0 += x[0];
            sum1 += x[1];
            sum2 += x[2];
            sum3 += x[3];
            x += taps->step;
        }
        input += taps->row;
    }
    output[0] = output_of(params, sum0, pixels);
    output[1] = output_of(params, sum1, pixels);
    output[2] = output_of(params, sum2, pixels);
    output[3] = output_of(params, sum3, pixels);
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
                const tfcaps_pool_taps taps = {y.end - y.first, x.end - x.first, input_row, channels};
                int32_t channel = 0;
                for (; channel + TFCAPS_POOL_BLOCK <= channels; channel += TFCAPS_POOL_BLOCK) {
                    output_block(params, &taps, first + channel, &pixels, output + channel);
                }
                for (; channel < channels; ++channel) {
                    output_channel(params, &taps, first + channel, &pixels, output + channel);
                }
                output += channels;
            }
        }
        input += input_row * input_dims->height;
    }
    return TFCAPS_OK;
}
