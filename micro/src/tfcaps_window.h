/* Windows that move over an image: what convolutions and pools have in common. Private. */
#ifndef TFCAPS_WINDOW_H
#define TFCAPS_WINDOW_H

#include "tfcaps/nn.h"
#include "tfcaps_fixed_point.h"

/* One dimension of a window over one dimension of an image. */
typedef struct tfcaps_window {
    int32_t input;
    int32_t output;
    int32_t taps;
    int32_t stride;
    int32_t dilation;
    int32_t padding; /* in front */
} tfcaps_window;

/* The taps first ... end - 1 of one output position lie inside the image; tap 0 lies at input. */
typedef struct tfcaps_taps {
    int32_t input;
    int32_t first;
    int32_t end;
} tfcaps_taps;

static inline int tfcaps_is_extent(int32_t x) {
    return x >= 1 && x <= TFCAPS_MAX_EXTENT;
}

/* Whether the four sizes are in range, and such a tensor has at most 2^31 - 1 bytes. */
static inline int tfcaps_is_image(const tfcaps_image_dims *dims) {
    return tfcaps_is_extent(dims->batches) && tfcaps_is_extent(dims->height) &&
           tfcaps_is_extent(dims->width) && tfcaps_is_extent(dims->channels) &&
           (uint64_t)dims->batches * (uint64_t)dims->height * (uint64_t)dims->width *
                   (uint64_t)dims->channels <=
               INT32_MAX;
}

/* Stride, dilation and padding of a window whose sizes are in range: padding less than the window, and no
 * output position wholly behind the image. */
static inline tfcaps_status tfcaps_check_window(const tfcaps_window *window) {
    const uint32_t taps = (uint32_t)(window->taps - 1) * (uint32_t)window->dilation;
    const uint32_t last = (uint32_t)(window->output - 1) * (uint32_t)window->stride;
    if (!tfcaps_is_extent(window->stride) || !tfcaps_is_extent(window->dilation) || window->padding < 0 ||
        (uint32_t)window->padding > taps) {
        return TFCAPS_ERROR_RANGE;
    }
    if (taps >= TFCAPS_MAX_EXTENT || last >= (uint32_t)(window->input + window->padding)) {
        return TFCAPS_ERROR_DIMS;
    }
    return TFCAPS_OK;
}

/* The taps at one output position; a division only where the window leaves the image. */
static inline tfcaps_taps tfcaps_window_taps(const tfcaps_window *window, int32_t output) {
    tfcaps_taps taps = {output * window->stride - window->padding, 0, window->taps};
    if (taps.input < 0) {
        taps.first = (window->dilation - 1 - taps.input) / window->dilation;
    }
    if (taps.input + (window->taps - 1) * window->dilation >= window->input) {
        taps.end = (window->input - 1 - taps.input) / window->dilation + 1;
    }
    if (taps.first >= taps.end) { /* the image lies between two taps */
        const tfcaps_taps none = {0, 0, 0};
        return none;
    }
    return taps;
}

/* How many windows from output on lie inside the image with all their taps. */
static inline int32_t tfcaps_whole_windows(const tfcaps_window *window, int32_t output) {
    const int32_t begin = output * window->stride - window->padding;
    const int32_t room = window->input - 1 - begin - (window->taps - 1) * window->dilation;
    if (begin < 0 || room < 0) {
        return 0;
    }
    const int32_t count = room / window->stride + 1;
    return count < window->output - output ? count : window->output - output;
}

#endif
