#include <string.h>

#include "tfcaps/kernels.h"
#include "tfcaps_cold.h"
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

enum {
    LIMIT = 1 << 20 /* of s in Q12 */
};

static inline int32_t limit(int32_t s) {
    const int32_t least = s > -LIMIT ? s : -LIMIT;
    return least < LIMIT ? least : LIMIT;
}

/* One element of s for a shift of up to 32. Not inline: it is nearly always beyond and this not worth its
 * place. */
static TFCAPS_HOT TFCAPS_NOINLINE int32_t weigh_near(int32_t sum, int32_t multiplier, int32_t shift,
                                                     int32_t bias) {
    return tfcaps_sat(tfcaps_requantise(sum, multiplier, shift) + bias, -LIMIT, LIMIT);
}

/* The high word of a product, which alone counts for a shift beyond 32, shifted with rounding by what is
 * left. */
static inline int32_t shift_high(int32_t x, int32_t m, int32_t half, int32_t left) {
    return ((int32_t)(((int64_t)x * m) >> 32) + half) >> left;
}

/* s in Q12 from so many weighted sums, in place. */
static TFCAPS_HOT TFCAPS_NOINLINE void weigh_sums(int32_t count, const int32_t *multiplier, int32_t shift,
                                                  const int32_t *bias, int32_t *s) {
    const int32_t *end = s + count;
    const int32_t left = shift - 32;
    if (left <= 0) {
        for (; s != end; ++s) {
            *s = weigh_near(*s, *multiplier++, shift, bias == NULL ? 0 : *bias++);
        }
        return;
    }
    const int32_t half = 1 << (left - 1);
    if (bias == NULL) {
        for (; s != end; ++s) {
            *s = limit(shift_high(*s, *multiplier++, half, left));
        }
        return;
    }
    for (; s != end; ++s) {
        *s = limit(tfcaps_add_saturated(shift_high(*s, *multiplier++, half, left), *bias++));
    }
}

/* v of one output capsule in Q15 from s [D] in Q12, in place. bits: 32 - g. */
static TFCAPS_HOT TFCAPS_NOINLINE void squash_sum(int32_t dimension, int32_t bits, int32_t *s) {
    const int32_t *end = s + dimension;
    uint32_t magnitudes =
        0; /* whose highest bit is that of the largest: |s| - 1 for negative s would differ */
    for (const int32_t *each = s; each != end; ++each) {
        magnitudes |= (uint32_t)(*each < 0 ? -*each : *each);
    }
    const int32_t zeros = tfcaps_clz(magnitudes);
    const int32_t x = bits > zeros ? bits - zeros : 0;
    uint32_t n2 = 0;
    for (int32_t *each = s; each != end; ++each) {
        const int32_t t = *each >> x;
        *each = t;
        n2 += (uint32_t)(t * t);
    }
    const uint32_t den = n2 + ((uint32_t)1 << (24 - 2 * x));
    const int32_t k = tfcaps_clz(den);
    /* NOLINTNEXTLINE(clang-analyzer-core.BitwiseShift): den >= 2^(24 - 2 x) >= 2^4, so k < 32 */
    const int32_t gain = (int32_t)((tfcaps_isqrt(n2) << 15) / ((den << k) >> 16));
    const int32_t half = 1 << (15 - k);
    for (; s != end; ++s) {
        *s = tfcaps_narrow16((*s * gain + half) >> (16 - k));
    }
}

/* Plain sums of votes to the mean that equal couplings give. */
static void share_votes(const tfcaps_routing *r) {
    const uint32_t sharers = (uint32_t)(r->dims->output_capsules + r->params->leaky);
    const int32_t share = (int32_t)((((uint32_t)1 << 31) - (sharers == 1)) / sharers);
    if (sharers == 1) {
        return;
    }
    int32_t *s = (int32_t *)r->sums;
    for (const int32_t *end = s + r->outputs; s != end; ++s) {
        *s = (int32_t)(((int64_t)share * *s + (1 << 30)) >> 31);
    }
}

/* The weighted sums, with so many fraction bits, become v. */
static void finish_sums(const tfcaps_routing *r, int32_t fraction_bits, const int32_t *bias) {
    const int32_t dimension = r->dims->output_dimension;
    const int32_t shift = add_shifts(r->params->sum_shift, fraction_bits);
    const int32_t *multiplier = r->params->multiplier;
    int32_t bits = 17; /* 32 - g with g = 15 - ceil(log2(D) / 2) */
    for (int32_t power = 1; power < dimension; power *= 4) {
        ++bits;
    }
    weigh_sums(r->outputs, multiplier, shift, bias, (int32_t *)r->sums);
    for (int32_t n = 0; n < r->outputs; n += dimension) {
        squash_sum(dimension, bits, (int32_t *)r->sums + n);
    }
}

/* A with v added, or v alone after iteration 0; and V from it, the state in units of votes and base-2 logits.
 */
static TFCAPS_HOT TFCAPS_NOINLINE void add_to_state(const tfcaps_routing *r, int32_t iteration) {
    const int32_t shift =
        add_shifts(r->params->logit_shift, r->params->logit_bits - r->exp_shift - TFCAPS_STEP_BITS);
    const int32_t left = shift - 32;
    const int32_t half = left > 0 ? 1 << (left - 1) : 0;
    const int32_t before = iteration == 0 ? 0 : -1; /* which bits of A count */
    const int32_t *multiplier = r->params->multiplier;
    const int32_t *v = (const int32_t *)r->sums;
    int32_t *state = r->state;
    int16_t *scaled = r->scaled;
    for (const int32_t *end = v + r->outputs; v != end; ++v) {
        const int32_t sum = (*state & before) + *v;
        const int32_t log2_state = (int32_t)(((int64_t)sum * (47274 << 15)) >> 30);
        *state++ = sum;
        const int32_t near = left > 0 ? shift_high(log2_state, *multiplier, half, left)
                                      : weigh_near(log2_state, *multiplier, shift, 0);
        *scaled++ = (int16_t)tfcaps_narrow16(near);
        ++multiplier;
    }
}

static void route(const tfcaps_routing *r, const tfcaps_routing_passes *passes, const int8_t *input,
                  const int8_t *kernel, const int32_t *bias, int8_t *output) {
    const int32_t padded = r->dims->output_capsules * tfcaps_even(r->dims->output_dimension);
    for (int32_t iteration = 0; iteration < r->params->iterations; ++iteration) {
        /* Half of what is cut off the sum, on average. */
        const uint32_t start = iteration == 0 ? 0 : (uint32_t)r->dims->input_capsules >> 1;
        if (iteration > 0) {
            add_to_state(r, iteration - 1);
        }
        for (int32_t n = 0; n < padded; ++n) {
            r->sums[n] = start;
        }
        if (iteration == 0) {
            passes->add_votes(r, input, kernel);
            share_votes(r);
        } else {
            passes->add_coupled(r, input, kernel);
        }
        finish_sums(r, iteration == 0 ? 0 : 15 - r->narrow, bias);
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

TFCAPS_COLD tfcaps_status tfcaps_capsule_dense_passes_s8(const tfcaps_routing_passes *passes,
                                                         const tfcaps_context *context,
                                                         const tfcaps_capsule_dense_params *params,
                                                         const tfcaps_capsule_dense_dims *dims,
                                                         const int8_t *input, const void *kernel,
                                                         const int32_t *bias, int8_t *output) {
    if (passes == NULL || context == NULL || context->buf == NULL || params == NULL ||
        params->multiplier == NULL || dims == NULL || input == NULL || kernel == NULL || output == NULL) {
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
    if (params->iterations == 1 || passes->kept_size == NULL ||
        passes->kept_size(dims, &need_kept) != TFCAPS_OK) {
        need_kept = SIZE_MAX; /* nothing to keep, or more than can exist */
    }
    const tfcaps_routing r = prepare(context, params, dims, need, need_kept);
    for (const tfcaps_routing_passes *const *each = passes->quicker; each != NULL && *each != NULL; ++each) {
        if ((*each)->suits(&r, kernel)) {
            passes = *each;
            break;
        }
    }
    if (passes->suits != NULL && !passes->suits(&r, kernel)) {
        return TFCAPS_ERROR_RANGE;
    }
    for (int32_t batch = 0; batch < dims->batches; ++batch) {
        route(&r, passes, input, kernel, bias, output);
        input += (size_t)dims->input_capsules * (size_t)dims->input_dimension;
        output += outputs;
    }
    return TFCAPS_OK;
}
