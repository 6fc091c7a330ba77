#include "tfcaps_routing_paired.h"

/* Passes that make votes again each time, of all sizes; tfcaps_passes_paired_4_to_6.c has those in assembly.
 */

void tfcaps_routing_add_votes_paired(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    tfcaps_paired_add_votes(&pass, r->dims->input_capsules, NULL);
    tfcaps_paired_drop_padding(r);
}

void tfcaps_routing_add_coupled_paired(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    tfcaps_paired_set_records(&pass);
    for (int32_t rest = r->dims->input_capsules; rest > 0; --rest) {
        tfcaps_paired_add_coupled(&pass, NULL);
    }
    tfcaps_paired_drop_padding(r);
}
