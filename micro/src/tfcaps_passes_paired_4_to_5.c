#include "tfcaps_passes_paired.h"

/* Paired weights of K = 4 and D = 5, the last of which shares its words with none. */

static int suits(const tfcaps_routing *r, const int8_t *kernel) {
    return r->dims->output_dimension == 5 && tfcaps_paired_is_4_to_6(r) && r->dims->input_capsules >= 2 &&
           tfcaps_paired_suits(r, kernel);
}

#if defined(TFCAPS_DSP)

static void add_votes(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    tfcaps_paired_sum(r, u, kernel, tfcaps_routing_paired_sum_5);
}

static void add_coupled(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    tfcaps_paired_couple(r, u, kernel, tfcaps_routing_paired_5);
}

const tfcaps_routing_passes tfcaps_passes_paired_4_to_5 = {add_votes, add_coupled, suits, NULL, NULL};

#else

const tfcaps_routing_passes tfcaps_passes_paired_4_to_5 = {
    tfcaps_routing_add_votes_paired, tfcaps_routing_add_coupled_paired, suits, NULL, NULL};

#endif
