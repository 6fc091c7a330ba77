#include "tfcaps_depthwise_paired.h"
#include "tfcaps_multiply.h"

#if !defined(TFCAPS_DSP)

static uint32_t low(uint32_t word) {
    return (uint32_t)(int16_t)(word & 0xFFFFu);
}

static uint32_t high(uint32_t word) {
    return (uint32_t)(int16_t)(word >> 16);
}

static uint32_t both(uint32_t a, uint32_t b) {
    return low(a) * low(b) + high(a) * high(b);
}

/* A row of taps at one output. x is the word in which it begins, in the high half if is_odd. */
static uint32_t row_sum(int32_t form, const uint32_t *w, const uint32_t *x, int is_odd) {
    switch (form) {
    case TFCAPS_DEPTHWISE_NEXT_3:
        return is_odd ? low(w[0]) * high(x[0]) + both(w[1], x[1]) : both(w[0], x[0]) + high(w[1]) * low(x[1]);
    case TFCAPS_DEPTHWISE_NEXT_5:
        return is_odd ? low(w[0]) * high(x[0]) + both(w[2], x[1]) + both(w[3], x[2])
                      : both(w[0], x[0]) + both(w[1], x[1]) + high(w[3]) * low(x[2]);
    case TFCAPS_DEPTHWISE_APART_3:
        return both(w[0], x[0]) + low(w[1]) * low(x[1]);
    default:
        return both(w[0], x[0]) + both(w[1], x[1]) + low(w[2]) * low(x[2]);
    }
}

void tfcaps_depthwise_planes(const tfcaps_depthwise_pass *pass) {
    const int is_next = pass->form == TFCAPS_DEPTHWISE_NEXT_3 || pass->form == TFCAPS_DEPTHWISE_NEXT_5;
    const int32_t row_words = tfcaps_depthwise_row_words(pass->form);
    const int32_t plane_words = tfcaps_depthwise_plane_words(pass->form);
    const uint32_t *plane = pass->words;
    const int32_t *stage = pass->weights;
    for (int32_t channel = 0; channel < pass->channels; ++channel) {
        const uint32_t *weights = (const uint32_t *)stage + TFCAPS_DEPTHWISE_STAGE;
        int8_t *output = pass->output + channel;
        for (int32_t column = 0; column < pass->columns; ++column) {
            const uint32_t *x = plane + (is_next ? column / 2 : column);
            uint32_t twice = (uint32_t)stage[3];
            for (int32_t row = 0; row < pass->rows; ++row) {
                twice += row_sum(pass->form, weights + row * row_words, x, is_next && column % 2 != 0);
                x += TFCAPS_DEPTHWISE_PLANES * plane_words;
            }
            *output = tfcaps_output_of_twice((int32_t)twice, stage);
            output += pass->step;
        }
        plane += plane_words;
        stage += TFCAPS_DEPTHWISE_STAGE + pass->rows * row_words;
    }
}

#endif
