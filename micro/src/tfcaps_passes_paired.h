/* Passes on paired weights of K = 4 and D = 5 or 6 that make votes again each time, around their loops.
 * Private. */
#ifndef TFCAPS_PASSES_PAIRED_H
#define TFCAPS_PASSES_PAIRED_H

#include "tfcaps_routing_pairs.h"

#if defined(TFCAPS_DSP)

typedef void tfcaps_paired_loop(tfcaps_paired_pass *pass);

/* How many votes of K = 4, |w| <= 127, add up to less than 2^23. */
static inline int32_t block_inputs(const tfcaps_routing *r) {
    const int32_t zero_point = r->params->input_zero_point;
    const int32_t largest = 128 + (zero_point < 0 ? -zero_point : zero_point);
    return ((1 << 23) - 1) / (4 * 127 * largest);
}

/* All input capsules' plain sums, in blocks. */
static inline void add_blocks(tfcaps_paired_pass *pass, tfcaps_paired_loop *add_block) {
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
        add_block(pass);
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

static inline void tfcaps_paired_sum(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel,
                                     tfcaps_paired_loop *add_block) {
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    add_blocks(&pass, add_block);
    tfcaps_paired_drop_padding(r);
}

static inline void tfcaps_paired_couple(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel,
                                        tfcaps_paired_loop *add_pairs) {
    int8_t last[TFCAPS_PAIRS_BYTES];
    tfcaps_paired_pass pass = tfcaps_pairs_begin(r, u, kernel);
    tfcaps_paired_set_records(&pass);
    do {
        add_pairs(&pass);
    } while (tfcaps_pairs_are_left(&pass, last));
    tfcaps_paired_drop_padding(r);
}

#endif

#endif
