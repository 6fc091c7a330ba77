#include "tfcaps_routing_plain_blocks.h"

#if defined(TFCAPS_DSP)

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_plain_2(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(COUPLED_BLOCKS("4", FIRST_OF_4(FIRST_TWO), SECOND_OF_4(SECOND_TWO), TWO_SUMS));
}
/* clang-format on */

#endif
