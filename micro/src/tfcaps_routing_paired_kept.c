#include "tfcaps_routing_paired.h"

/* Passes that keep the votes of iteration 0. */

void tfcaps_routing_keep_votes_paired(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    const int32_t inputs = r->dims->input_capsules;
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    uint32_t *kept = (uint32_t *)(void *)r->kept_votes;
#if defined(TFCAPS_DSP)
    if (tfcaps_paired_is_4_to_6(r)) {
        const int32_t outputs = 6 * r->dims->output_capsules;
        pass.end = u + 4 * inputs;
        pass.records = kept;
        pass.records_end = r->sums + outputs;
        if (tfcaps_routing_paired_keep_6(&pass)) {
            tfcaps_paired_drop_padding(r);
            return;
        }
        for (int32_t n = 0; n < outputs; ++n) {
            r->sums[n] = 0;
        }
    }
#endif
    tfcaps_paired_add_votes(&pass, inputs, kept);
    tfcaps_paired_drop_padding(r);
}

void tfcaps_routing_add_kept_paired(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    const uint32_t *kept = (const uint32_t *)(const void *)r->kept_votes;
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    tfcaps_paired_set_records(&pass);
    int32_t rest = r->dims->input_capsules;
#if defined(TFCAPS_DSP)
    if (tfcaps_paired_is_4_to_6(r) && rest >= 2) {
        pass.kernel = kept;
        pass.end = kept + (size_t)(rest & ~1) * (size_t)(3 * r->dims->output_capsules);
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
