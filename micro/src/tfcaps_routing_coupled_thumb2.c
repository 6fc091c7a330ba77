#include "tfcaps_noinline.h"
#include "tfcaps_routing_thumb.h"

/* A vote is 5 instructions and half of one for the loop, an output capsule 11 more. The high word of c times
 * 2^16 h is (c h) >> 16.
 *
 *     r0, r1, r3      h, exps and their end
 *     r2, lr          the sums and their end in this output capsule
 *     r4, r10         c, bytes of an output capsule's sums
 *     r11, r12        reciprocal, shift
 *     r5, r6          sums
 *     r7, r8, r9      votes and products; what is below them */
#if defined(TFCAPS_THUMB2)

#define PAIR                                                                                                 \
    "    ldrd r5, r6, [r2]\n"                                                                                \
    "    ldrsh r7, [r0], #2\n"                                                                               \
    "    ldrsh r8, [r0], #2\n"                                                                               \
    "    lsl r7, r7, #16\n"                                                                                  \
    "    lsl r8, r8, #16\n"                                                                                  \
    "    smull r9, r7, r4, r7\n"                                                                             \
    "    smull r9, r8, r4, r8\n"                                                                             \
    "    add r5, r5, r7\n"                                                                                   \
    "    add r6, r6, r8\n"                                                                                   \
    "    strd r5, r6, [r2], #8\n"

TFCAPS_NAKED
void tfcaps_thumb_add_coupled(const int16_t *h, const uint32_t *exps, uint32_t *sums, int32_t capsules,
                              int32_t dimension, uint32_t reciprocal, int32_t shift) {
    __asm__ volatile("    .syntax unified\n"
                     "    push {r4-r11, lr}\n"
                     "    add r3, r1, r3, lsl #2\n"
                     "    ldr r10, [sp, #36]\n"
                     "    ldrd r11, r12, [sp, #40]\n"
                     "    lsl r10, r10, #2\n"
                     "1:  ldr r4, [r1], #4\n"
                     "    add lr, r2, r10\n"
                     "    mul r4, r4, r11\n"
                     "    lsr r4, r4, r12\n"
                     "    tst r10, #4\n" /* an odd number of votes */
                     "    beq 2f\n"
                     "    ldrsh r7, [r0], #2\n"
                     "    ldr r5, [r2]\n"
                     "    lsl r7, r7, #16\n"
                     "    smull r9, r7, r4, r7\n"
                     "    add r5, r5, r7\n"
                     "    str r5, [r2], #4\n"
                     "    cmp r2, lr\n"
                     "    beq 5f\n"
                     "2:  tst r10, #8\n" /* of pairs */
                     "    bne 4f\n"
                     "3:\n" PAIR "4:\n" PAIR "    cmp r2, lr\n"
                     "    bne 3b\n"
                     "5:  cmp r1, r3\n"
                     "    bne 1b\n"
                     "    pop {r4-r11, pc}\n");
}

#endif
