#include "tfcaps_routing_plain_k8.h"

#if defined(TFCAPS_DSP)

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_plain_k8_shifted(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(COUPLED_8("1", SHIFTED_VOTES));
}
/* clang-format on */

#endif
