#include "tfcaps_routing_paired.h"

#if defined(TFCAPS_DSP)

/* On the file's order of weights: six dimensions of four inputs by the loops of the paired order, with votes
 * that take two instructions a word more; all others in plain C. */

static int is_4_to_6(const tfcaps_routing *r, const int8_t *kernel) {
    return r->dims->input_dimension == 4 && r->dims->output_dimension == 6 && tfcaps_paired_suits(r) &&
           r->kept_votes == NULL && (uintptr_t)kernel % 4 == 0;
}

void tfcaps_routing_add_votes(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    if (!is_4_to_6(r, kernel)) {
        tfcaps_routing_plain_add_votes(r, u, kernel);
        return;
    }
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    pass.u_end = u + 4 * r->dims->input_capsules;
    pass.records = r->sums;
    pass.records_end = r->sums + r->outputs;
    tfcaps_routing_plain_sum_6(&pass);
}

void tfcaps_routing_add_coupled(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    const int32_t pairs = r->dims->input_capsules & ~1;
    if (!is_4_to_6(r, kernel) || pairs == 0) {
        tfcaps_routing_plain_add_coupled(r, u, kernel);
        return;
    }
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    tfcaps_paired_set_records(&pass);
    pass.u_end = u + 4 * pairs;
    tfcaps_routing_plain_6(&pass);
    if (pairs != r->dims->input_capsules) {
        tfcaps_capsule_dense_dims one = *r->dims;
        tfcaps_routing last = *r;
        one.input_capsules = 1;
        last.dims = &one;
        tfcaps_routing_plain_add_coupled(&last, pass.u, kernel + 4 * (size_t)pairs * (size_t)r->outputs);
    }
}

#endif
