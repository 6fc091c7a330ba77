#include "tfcaps_routing_pairs.h"

/* Paired weights of K = 4 and D = 5 or 6 whose votes are kept, of input capsules that come in twos. */

static int suits(const tfcaps_routing *r, const int8_t *kernel) {
    return r->kept_votes != NULL && r->dims->input_capsules % 2 == 0 && tfcaps_paired_is_4_to_6(r) &&
           tfcaps_paired_suits(r, kernel);
}

#if defined(TFCAPS_DSP)

static void add_coupled(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    tfcaps_paired_set_records(&pass);
    pass.kernel = (const uint32_t *)(const void *)r->kept_votes;
    pass.end = pass.kernel + (size_t)r->dims->input_capsules * (size_t)(3 * r->dims->output_capsules);
    tfcaps_routing_paired_kept_6(&pass);
    tfcaps_paired_drop_padding(r);
}

#else
#define add_coupled tfcaps_routing_add_kept_paired
#endif

const tfcaps_routing_passes tfcaps_passes_paired_4_to_6_kept = {
    tfcaps_routing_keep_votes_paired, add_coupled, suits, tfcaps_capsule_dense_s8_kept_get_buffer_size, NULL};
