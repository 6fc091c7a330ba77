#include <string.h>

#include "tfcaps/kernels.h"
#include "tfcaps_fixed_point.h"
#include "tfcaps_noinline.h"
#include "tfcaps_routing.h"

/* Routing without its state: agreement is linear, so only the sum of all earlier v lives from one iteration
 * to the next. Each iteration is one pass over the input capsules, which makes the votes of a few of them
 * again, or finds those that iteration 0 has kept, weighs them and adds them up. Names are those of
 * docs/numerics.md. */

/* What is the same for all inputs of a batch; kept_votes where the scratch has room for them. */
static tfcaps_routing prepare(const tfcaps_context *context, const tfcaps_capsule_dense_params *params,
                              const tfcaps_capsule_dense_dims *dims, size_t need, size_t need_kept) {
    const int32_t outputs = dims->output_capsules * dims->output_dimension;
    const int32_t logit_bits =
        params->logit_bits < TFCAPS_LOGIT_BITS ? params->logit_bits : TFCAPS_LOGIT_BITS;
    int32_t narrow = 9;
    while (dims->input_capsules > 2 << narrow) {
        ++narrow;
    }
    char *buf = (char *)context->buf;
    tfcaps_routing r;
    r.params = params;
    r.dims = dims;
    r.outputs = outputs;
    r.narrow = narrow;
    r.exp_shift = logit_bits - TFCAPS_STEP_BITS;
    r.carries = dims->output_capsules > 1 << (16 - narrow);
    r.work = buf;
    r.sums = (uint32_t *)(buf + tfcaps_routing_work_bytes(dims->output_capsules, dims->output_dimension));
    r.state = (int32_t *)(r.sums + dims->output_capsules * tfcaps_even(dims->output_dimension));
    r.scaled = (int16_t *)(r.state + outputs);
    r.kept_votes = context->size < need_kept ? NULL : (int16_t *)(buf + need);
    return r;
}

/* The smaller of two shifts' sum and the most that tfcaps_requantise takes. */
static int32_t add_shifts(int32_t a, int32_t b) {
    return a + b < 62 ? a + b : 62;
}

/* V from A: the state in units of votes and base-2 logits. */
static TFCAPS_NOINLINE void scale_state(const tfcaps_routing *r) {
    const int32_t shift =
        add_shifts(r->params->logit_shift, r->params->logit_bits - r->exp_shift - TFCAPS_STEP_BITS);
    for (int32_t n = 0; n < r->outputs; ++n) {
        const int32_t log2_state = (int32_t)(((int64_t)r->state[n] * 47274) >> 15);
        r->scaled[n] = tfcaps_sat16(tfcaps_requantise(log2_state, r->params->multiplier[n], shift));
    }
}

/* v of one output capsule in Q15 from s [D] in Q12, in place. */
static void squash_sum(int32_t dimension, int32_t *s) {
    int32_t g = 15; /* 15 - ceil(log2(D) / 2) */
    for (int32_t power = 1; power < dimension; power *= 4) {
        --g;
    }
    int32_t largest = 0;
    for (int32_t d = 0; d < dimension; ++d) {
        const int32_t magnitude = s[d] < 0 ? -s[d] : s[d];
        largest = magnitude > largest ? magnitude : largest;
    }
    int32_t x = 0;
    while ((largest >> x) >= (1 << g)) {
        ++x;
    }
    uint32_t n2 = 0;
    for (int32_t d = 0; d < dimension; ++d) {
        const int32_t t = s[d] >> x;
        n2 += (uint32_t)(t * t);
    }
    const uint32_t den = n2 + ((uint32_t)1 << (24 - 2 * x));
    const int32_t k = tfcaps_clz(den);
    /* NOLINTNEXTLINE(clang-analyzer-core.BitwiseShift): den >= 2^(24 - 2 x) >= 2^4, so k < 32 */
    const int32_t gain = (int32_t)((tfcaps_isqrt(n2) << 15) / ((den << k) >> 16));
    for (int32_t d = 0; d < dimension; ++d) {
        const int32_t t = s[d] >> x;
        s[d] = tfcaps_sat16((t * gain + (1 << (15 - k))) >> (16 - k));
    }
}

/* One iteration's end: the sums become v, which is added to the state. first: the sums are plain ones, of
 * uncoupled votes. */
static TFCAPS_NOINLINE void finish_sums(const tfcaps_routing *r, int first, const int32_t *bias) {
    const tfcaps_capsule_dense_params *params = r->params;
    const int32_t dimension = r->dims->output_dimension;
    const uint32_t sharers = (uint32_t)(r->dims->output_capsules + params->leaky);
    const int64_t share = (int64_t)(((uint32_t)1 << 31) / sharers);
    const int32_t shift = first ? params->sum_shift : add_shifts(params->sum_shift, 15 - r->narrow);
    int32_t *s = (int32_t *)r->sums;
    for (int32_t j = 0; j < r->dims->output_capsules; ++j) {
        for (int32_t n = j * dimension; n < (j + 1) * dimension; ++n) {
            const int32_t a = first ? (int32_t)tfcaps_rshift(share * s[n], 31) : s[n];
            const int64_t q12 = tfcaps_requantise(a, params->multiplier[n], shift);
            s[n] = tfcaps_sat(q12 + (bias == NULL ? 0 : bias[n]), -(1 << 20), 1 << 20);
        }
        squash_sum(dimension, s + j * dimension);
    }
    for (int32_t n = 0; n < r->outputs; ++n) {
        r->state[n] += s[n];
    }
}

static void route(const tfcaps_routing *r, const tfcaps_routing_passes *passes, const int8_t *input,
                  const int8_t *kernel, const int32_t *bias, int8_t *output) {
    const int32_t padded = r->dims->output_capsules * tfcaps_even(r->dims->output_dimension);
    memset(r->state, 0, (size_t)r->outputs * sizeof *r->state);
    for (int32_t iteration = 0; iteration < r->params->iterations; ++iteration) {
        /* Half of what is cut off the sum, on average. */
        const uint32_t start = iteration == 0 ? 0 : (uint32_t)r->dims->input_capsules >> 1;
        for (int32_t n = 0; n < padded; ++n) {
            r->sums[n] = start;
        }
        if (iteration == 0) {
            passes->add_votes(r, input, kernel);
        } else {
            scale_state(r);
            passes->add_coupled(r, input, kernel);
        }
        finish_sums(r, iteration == 0, bias);
    }
    const int32_t *v = (const int32_t *)r->sums;
    for (int32_t n = 0; n < r->outputs; ++n) {
        const int32_t rounded = (v[n] + 128) >> 8;
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

tfcaps_status tfcaps_routing_run(const tfcaps_routing_passes *passes, const tfcaps_context *context,
                                 const tfcaps_capsule_dense_params *params,
                                 const tfcaps_capsule_dense_dims *dims, const int8_t *input,
                                 const int8_t *kernel, const int32_t *bias, int8_t *output) {
    if (context == NULL || context->buf == NULL || params == NULL || params->multiplier == NULL ||
        dims == NULL || input == NULL || kernel == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    size_t need = 0;
    size_t need_kept = 0;
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
    if (params->iterations == 1 ||
        tfcaps_capsule_dense_s8_kept_get_buffer_size(dims, &need_kept) != TFCAPS_OK) {
        need_kept = SIZE_MAX; /* nothing to keep, or more than can exist */
    }
    const tfcaps_routing r = prepare(context, params, dims, need, need_kept);
    if (passes->suits != NULL && !passes->suits(&r)) {
        return TFCAPS_ERROR_RANGE;
    }
    for (int32_t batch = 0; batch < dims->batches; ++batch) {
        route(&r, passes, input, kernel, bias, output);
        input += (size_t)dims->input_capsules * (size_t)dims->input_dimension;
        output += outputs;
    }
    return TFCAPS_OK;
}
