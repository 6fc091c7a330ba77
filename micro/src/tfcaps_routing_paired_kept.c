#include "tfcaps_halves.h"
#include "tfcaps_routing_paired.h"

/* Passes that keep the votes of iteration 0. */

#if defined(TFCAPS_DSP)
/* Whether all votes of K = 4 fit 16 bits before they are cut to that: |w| <= 254, |u| <= 129 in length. */
static int votes_fit(const tfcaps_routing *r, const int8_t *u) {
    const uint32_t zero = tfcaps_both_halves(-r->params->input_zero_point);
    uint32_t largest = 0;
    for (const int8_t *end = u + 4 * r->dims->input_capsules; u != end; u += 4) {
        const uint32_t word = tfcaps_load_4(u);
        const uint32_t even = tfcaps_add_even_bytes(zero, word);
        const uint32_t odd = tfcaps_add_odd_bytes(zero, word);
        const uint32_t n2 = tfcaps_smlad(odd, odd, tfcaps_smlad(even, even, 0));
        largest = n2 > largest ? n2 : largest;
    }
    return largest <= 129 * 129;
}

/* All input capsules' votes, and their plain sums. */
static void keep_votes(tfcaps_paired_pass *pass, uint32_t *kept) {
    const tfcaps_routing *r = pass->r;
    const int32_t words = r->dims->output_capsules * 3;
    const int32_t inputs = r->dims->input_capsules;
    pass->u_end = pass->u + 4 * inputs;
    pass->records = kept;
    pass->records_end = kept + words;
    tfcaps_routing_paired_votes_6(pass);
    pass->kernel = kept + (size_t)inputs * (size_t)words;
    pass->skip = (5 - inputs % 5) % 5;
    tfcaps_routing_paired_add_6(pass);
}
#endif

void tfcaps_routing_keep_votes_paired(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    uint32_t *kept = (uint32_t *)(void *)r->kept_votes;
#if defined(TFCAPS_DSP)
    if (tfcaps_paired_is_4_to_6(r) && votes_fit(r, u)) {
        keep_votes(&pass, kept);
        tfcaps_paired_drop_padding(r);
        return;
    }
#endif
    tfcaps_paired_add_votes(&pass, r->dims->input_capsules, kept);
    tfcaps_paired_drop_padding(r);
}

void tfcaps_routing_add_kept_paired(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    const uint32_t *kept = (const uint32_t *)(const void *)r->kept_votes;
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    tfcaps_paired_set_records(&pass);
    int32_t rest = r->dims->input_capsules;
#if defined(TFCAPS_DSP)
    if (tfcaps_paired_is_4_to_6(r) && rest >= 2) {
        pass.u_end = u + 4 * (rest & ~1);
        pass.kernel = kept;
        tfcaps_routing_paired_kept_6(&pass);
        kept = pass.kernel;
        rest %= 2;
    }
#endif
    for (; rest > 0; --rest) {
        tfcaps_paired_add_coupled(&pass, kept);
        kept += r->dims->output_capsules * (tfcaps_even(r->dims->output_dimension) / 2);
    }
    tfcaps_paired_drop_padding(r);
}
