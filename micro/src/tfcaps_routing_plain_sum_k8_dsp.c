#include "tfcaps_routing_plain_k8.h"

#if defined(TFCAPS_DSP)

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_plain_sum_k8(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(SUM_8("0", SHORT_SUMS));
}
/* clang-format on */

#endif
