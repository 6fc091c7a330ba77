#include "tfcaps_routing_pairs.h"

/* Paired weights of K = 4 and D = 5 or 6. */

static int suits(const tfcaps_routing *r, const int8_t *kernel) {
    return tfcaps_paired_is_4_to_6(r) && r->dims->input_capsules >= 2 && tfcaps_paired_suits(r, kernel);
}

#if defined(TFCAPS_DSP)

/* How many votes of K = 4, |w| <= 127, add up to less than 2^23. */
static int32_t block_inputs(const tfcaps_routing *r) {
    const int32_t zero_point = r->params->input_zero_point;
    const int32_t largest = 128 + (zero_point < 0 ? -zero_point : zero_point);
    return ((1 << 23) - 1) / (4 * 127 * largest);
}

/* All input capsules' plain sums, in blocks. */
static void add_blocks(tfcaps_paired_pass *pass) {
    const tfcaps_routing *r = pass->r;
    const int8_t *end = pass->u + 4 * r->dims->input_capsules;
    const int32_t block = 4 * block_inputs(r);
    pass->records_end = pass->records + 6 * r->dims->output_capsules;
    uint32_t zero = 0;
    __asm__("" : "+r"(zero)); /* else GCC calls memset, which may clear a byte at a time */
    for (uint32_t *sum = pass->records; sum != pass->records_end; ++sum) {
        *sum = zero;
    }
    while (pass->u != end) {
        pass->end = end - pass->u < block ? end : pass->u + block;
        tfcaps_routing_paired_sum_6(pass);
        uint32_t *total = r->sums;
        for (uint32_t *sum = pass->records; sum != pass->records_end; sum += 2) {
            const uint32_t low = sum[1];
            *total++ += low;
            *total++ += (uint32_t)((int32_t)(sum[0] + low) >> 8);
            sum[0] = 0;
            sum[1] = 0;
        }
    }
}

static void add_votes(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    add_blocks(&pass);
    tfcaps_paired_drop_padding(r);
}

static void add_coupled(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    int8_t last[TFCAPS_PAIRS_BYTES];
    tfcaps_paired_pass pass = tfcaps_pairs_begin(r, u, kernel);
    tfcaps_paired_set_records(&pass);
    do {
        tfcaps_routing_paired_6(&pass);
    } while (tfcaps_pairs_are_left(&pass, last));
    tfcaps_paired_drop_padding(r);
}

const tfcaps_routing_passes tfcaps_passes_paired_4_to_6 = {add_votes, add_coupled, suits, NULL, NULL};

#else

const tfcaps_routing_passes tfcaps_passes_paired_4_to_6 = {
    tfcaps_routing_add_votes_paired, tfcaps_routing_add_coupled_paired, suits, NULL, NULL};

#endif
