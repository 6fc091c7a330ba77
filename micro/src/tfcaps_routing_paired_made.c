#include "tfcaps_routing_paired.h"

/* Passes that make votes again each time. */

#if defined(TFCAPS_DSP)
/* All input capsules' plain sums, in blocks. */
static void add_blocks(tfcaps_paired_pass *pass) {
    const tfcaps_routing *r = pass->r;
    const int8_t *end = pass->u + 4 * r->dims->input_capsules;
    const int32_t count = r->dims->output_capsules * 3;
    pass->records_end = pass->records + 2 * count;
    while (pass->u != end) {
        const int32_t rest = (int32_t)(end - pass->u);
        const int32_t block = rest < 4 * TFCAPS_PAIRED_SUM_INPUTS ? rest : 4 * TFCAPS_PAIRED_SUM_INPUTS;
        pass->u_end = pass->u + block;
        for (int32_t n = 0; n < 2 * count; ++n) {
            pass->records[n] = 0;
        }
        tfcaps_routing_paired_sum_6(pass);
        for (int32_t n = 0; n < count; ++n) {
            const uint32_t low = pass->records[2 * n + 1];
            r->sums[2 * n] += low;
            r->sums[2 * n + 1] += (uint32_t)((int32_t)(pass->records[2 * n] - low) >> 8);
        }
    }
}
#endif

void tfcaps_routing_add_votes_paired(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
#if defined(TFCAPS_DSP)
    if (tfcaps_paired_is_4_to_6(r)) {
        add_blocks(&pass);
        tfcaps_paired_drop_padding(r);
        return;
    }
#endif
    tfcaps_paired_add_votes(&pass, r->dims->input_capsules, NULL);
    tfcaps_paired_drop_padding(r);
}

void tfcaps_routing_add_coupled_paired(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    tfcaps_paired_set_records(&pass);
    int32_t rest = r->dims->input_capsules;
#if defined(TFCAPS_DSP)
    if (tfcaps_paired_is_4_to_6(r) && rest >= 2) {
        pass.u_end = u + 4 * (rest & ~1);
        tfcaps_routing_paired_6(&pass);
        rest %= 2;
    }
#endif
    for (; rest > 0; --rest) {
        tfcaps_paired_add_coupled(&pass, NULL);
    }
    tfcaps_paired_drop_padding(r);
}
