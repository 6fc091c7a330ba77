#include "tfcaps_cold.h"
#include "tfcaps_routing.h"

TFCAPS_COLD uint32_t tfcaps_routing_far_exps(const tfcaps_routing *r, uint32_t *logits, int32_t stride) {
    const int32_t capsules = r->dims->output_capsules;
    int32_t largest = r->params->leaky ? 0 : INT32_MIN;
    for (int32_t j = 0; j < capsules; ++j) {
        const int32_t logit = (int32_t)logits[j * stride];
        largest = logit > largest ? logit : largest;
    }
    const uint32_t top = (uint32_t)largest + (((uint32_t)1 << r->exp_shift) >> 1);
    uint32_t sum = 0;
    for (int32_t j = 0; j < capsules + r->params->leaky; ++j) { /* the last of them is b_none = 0 */
        const uint32_t below = (top - (j < capsules ? logits[j * stride] : 0)) >> r->exp_shift;
        const uint32_t entry = tfcaps_exp_table[TFCAPS_EXP_ENTRIES - 1 - below % TFCAPS_EXP_ENTRIES];
        const uint32_t e = below < 4 * TFCAPS_EXP_ENTRIES ? entry >> (4 * (below / TFCAPS_EXP_ENTRIES)) : 0;
        if (j < capsules) {
            logits[j * stride] = e;
        }
        sum += e;
    }
    return sum;
}

uint32_t tfcaps_routing_exps(const tfcaps_routing *r, uint32_t *logits, int32_t stride, uint32_t first) {
    uint32_t sum = first;
    uint32_t indices = 0;
    for (int32_t j = 0; j < r->dims->output_capsules; ++j) {
        indices |= tfcaps_table_index(logits[j * stride], r->exp_shift);
    }
    if (tfcaps_is_far(indices)) {
        return tfcaps_routing_far_exps(r, logits, stride);
    }
    for (int32_t j = 0; j < r->dims->output_capsules; ++j) {
        logits[j * stride] = tfcaps_exp_table[tfcaps_table_index(logits[j * stride], r->exp_shift)];
        sum += logits[j * stride];
    }
    return sum;
}

void tfcaps_routing_carry(const tfcaps_routing *r, uint32_t exp_sum, uint32_t *exps, int32_t stride) {
    const int32_t guard = 7; /* bits behind those of a coupling */
    const tfcaps_coupling_scale scale = tfcaps_couple(exp_sum, r->narrow);
    uint32_t before = 0;
    for (int32_t j = 0; j < r->dims->output_capsules; ++j) {
        uint32_t *e = exps + j * stride;
        const uint32_t p = before + ((*e * scale.reciprocal) >> (scale.shift - guard));
        *e = (p >> guard) - (before >> guard);
        before = p;
    }
}
