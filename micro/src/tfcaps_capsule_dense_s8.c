#include <string.h>

#include "tfcaps/kernels.h"
#include "tfcaps_fixed_point.h"
#include "tfcaps_noinline.h"
#include "tfcaps_routing.h"

/* Routing without its state: agreement is linear, so only the sum of all earlier v lives from one iteration
 * to the next. Each iteration is one pass over the input capsules, which makes the votes of one of them
 * again, weighs them, adds them up and forgets them. Names are those of docs/numerics.md: h votes, b logits,
 * c couplings, A state. */

static tfcaps_routing_scratch split(void *buf, int32_t capsules, int32_t outputs) {
    tfcaps_routing_scratch s;
    s.sums = (int64_t *)buf;
    s.state = (int32_t *)(s.sums + outputs);
    s.exps = (uint32_t *)(s.state + outputs);
    s.scaled = (int16_t *)(s.exps + capsules);
    s.votes = s.scaled + outputs;
    return s;
}

/* V from A: the state in units of votes and base-2 logits. */
static TFCAPS_NOINLINE void scale_state(const tfcaps_capsule_dense_params *params, int32_t outputs,
                                        const tfcaps_routing_scratch *s) {
    for (int32_t n = 0; n < outputs; ++n) {
        const int32_t log2_state = (int32_t)(((int64_t)s->state[n] * 47274) >> 15);
        s->scaled[n] =
            tfcaps_sat16(tfcaps_requantise(log2_state, params->multiplier[n], params->logit_shift));
    }
}

/* v of one output capsule from s [D] in Q12: writes Q15 to v, which may be s. */
static void squash_sum(int32_t dimension, const int64_t *s, int64_t *v) {
    int32_t g = 15; /* 15 - ceil(log2(D) / 2) */
    for (int32_t power = 1; power < dimension; power *= 4) {
        --g;
    }
    int32_t largest = 0;
    for (int32_t d = 0; d < dimension; ++d) {
        const int32_t magnitude = (int32_t)(s[d] < 0 ? -s[d] : s[d]);
        largest = magnitude > largest ? magnitude : largest;
    }
    int32_t x = 0;
    while ((largest >> x) >= (1 << g)) {
        ++x;
    }
    uint32_t n2 = 0;
    for (int32_t d = 0; d < dimension; ++d) {
        const int32_t t = (int32_t)s[d] >> x;
        n2 += (uint32_t)(t * t);
    }
    const uint32_t den = n2 + ((uint32_t)1 << (24 - 2 * x));
    const int32_t k = tfcaps_clz(den);
    /* NOLINTNEXTLINE(clang-analyzer-core.BitwiseShift): den >= 2^(24 - 2 x) >= 2^4, so k < 32 */
    const int32_t gain = (int32_t)((tfcaps_isqrt(n2) << 15) / ((den << k) >> 16));
    for (int32_t d = 0; d < dimension; ++d) {
        const int32_t t = (int32_t)s[d] >> x;
        v[d] = tfcaps_sat((t * gain + (1 << (15 - k))) >> (16 - k), INT16_MIN, INT16_MAX);
    }
}

/* One iteration's end: the sums become v, in place. first: the sums are plain ones, of uncoupled votes. */
static TFCAPS_NOINLINE void finish_sums(const tfcaps_capsule_dense_params *params,
                                        const tfcaps_capsule_dense_dims *dims, int first, const int32_t *bias,
                                        const tfcaps_routing_scratch *s) {
    const int32_t dimension = dims->output_dimension;
    const uint32_t sharers = (uint32_t)(dims->output_capsules + params->leaky);
    const int64_t share = (int64_t)(((uint32_t)1 << 31) / sharers);
    for (int32_t j = 0; j < dims->output_capsules; ++j) {
        for (int32_t n = j * dimension; n < (j + 1) * dimension; ++n) {
            const int64_t a = first ? tfcaps_rshift(share * s->sums[n], 31) : tfcaps_rshift(s->sums[n], 15);
            const int64_t q12 = tfcaps_requantise((int32_t)a, params->multiplier[n], params->sum_shift);
            s->sums[n] = tfcaps_sat(q12 + (bias == NULL ? 0 : bias[n]), -(1 << 20), 1 << 20);
        }
        squash_sum(dimension, s->sums + j * dimension, s->sums + j * dimension);
    }
}

static void route(const tfcaps_capsule_dense_params *params, const tfcaps_capsule_dense_dims *dims,
                  const int8_t *input, const int8_t *kernel, const int32_t *bias,
                  const tfcaps_routing_scratch *s, int8_t *output) {
    const int32_t outputs = dims->output_capsules * dims->output_dimension;
    for (int32_t iteration = 0; iteration < params->iterations; ++iteration) {
        if (iteration == 0) {
            memset(s->state, 0, (size_t)outputs * sizeof *s->state);
            tfcaps_routing_add_votes(params, dims, input, kernel, s);
            for (int32_t n = 0; n < outputs; ++n) {
                s->sums[n] = s->state[n];
                s->state[n] = 0;
            }
        } else {
            memset(s->sums, 0, (size_t)outputs * sizeof *s->sums);
            scale_state(params, outputs, s);
            tfcaps_routing_add_coupled(params, dims, input, kernel, s);
        }
        finish_sums(params, dims, iteration == 0, bias, s);
        for (int32_t n = 0; n < outputs; ++n) {
            s->state[n] += (int32_t)s->sums[n];
        }
    }
    for (int32_t n = 0; n < outputs; ++n) {
        const int64_t rounded = (s->sums[n] + 128) >> 8;
        output[n] = (int8_t)(rounded < INT8_MAX ? rounded : INT8_MAX);
    }
}

static tfcaps_status check_params(const tfcaps_capsule_dense_params *params, int32_t outputs) {
    if (!tfcaps_is_int8(params->input_zero_point) || params->iterations < 1 || params->iterations > 16 ||
        params->leaky < 0 || params->leaky > 1 || params->vote_shift < 0 || params->vote_shift > 16 ||
        params->sum_shift < 1 || params->sum_shift > 62 || params->logit_shift < 1 ||
        params->logit_shift > 62 || params->logit_bits < 8 || params->logit_bits > 30 ||
        params->multiplier_count != outputs) {
        return TFCAPS_ERROR_RANGE;
    }
    for (int32_t n = 0; n < outputs; ++n) {
        if (params->multiplier[n] < 0) {
            return TFCAPS_ERROR_RANGE;
        }
    }
    return TFCAPS_OK;
}

tfcaps_status tfcaps_capsule_dense_s8(const tfcaps_context *context,
                                      const tfcaps_capsule_dense_params *params,
                                      const tfcaps_capsule_dense_dims *dims, const int8_t *input,
                                      const int8_t *kernel, const int32_t *bias, int8_t *output) {
    if (context == NULL || context->buf == NULL || params == NULL || params->multiplier == NULL ||
        dims == NULL || input == NULL || kernel == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    size_t need = 0;
    tfcaps_status status = tfcaps_capsule_dense_s8_get_buffer_size(dims, &need);
    if (status != TFCAPS_OK) {
        return status;
    }
    const int32_t outputs = dims->output_capsules * dims->output_dimension;
    status = check_params(params, outputs);
    if (status != TFCAPS_OK) {
        return status;
    }
    if (context->size < need || (uintptr_t)context->buf % 8 != 0) {
        return TFCAPS_ERROR_SCRATCH;
    }
    const tfcaps_routing_scratch s = split(context->buf, dims->output_capsules, outputs);
    for (int32_t batch = 0; batch < dims->batches; ++batch) {
        route(params, dims, input, kernel, bias, &s, output);
        input += (size_t)dims->input_capsules * (size_t)dims->input_dimension;
        output += outputs;
    }
    return TFCAPS_OK;
}
