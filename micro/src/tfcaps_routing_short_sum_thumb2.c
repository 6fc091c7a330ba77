#include "tfcaps_noinline.h"
#include "tfcaps_routing_thumb.h"

/* A vote is 7 instructions, 5 to make it, and a turn of four 2 more.
 *
 *     r0, r8          rows
 *     r1, r2, r3      the kernel, the sums and their end
 *     r4, r5, r6, r7  even, odd, start, 0x00FF00FF
 *     r9, r12         sums
 *     r10             odd bytes */
#if defined(TFCAPS_THUMB2)

#define VOTE(row)                                                                                            \
    "    eor " row ", " row ", #0x80808080\n"                                                                \
    "    and r10, r7, " row ", lsr #8\n"                                                                     \
    "    mla " row ", " row ", r4, r6\n"                                                                     \
    "    mla " row ", r10, r5, " row "\n"

#define PAIR                                                                                                 \
    "    ldr r0, [r1], #4\n"                                                                                 \
    "    ldr r8, [r1], #4\n"                                                                                 \
    "    ldrd r9, r12, [r2]\n" VOTE("r0") VOTE("r8") "    add r9, r9, r0, asr #16\n"                         \
                                                     "    add r12, r12, r8, asr #16\n"                       \
                                                     "    strd r9, r12, [r2], #8\n"

TFCAPS_NAKED
void tfcaps_short_add_votes(const tfcaps_short_capsule *capsule, const int8_t *kernel, uint32_t *sums,
                            int32_t count) {
    __asm__ volatile("    .syntax unified\n"
                     "    push {r4-r10, lr}\n"
                     "    ldm r0, {r4-r6}\n"
                     "    mov r7, #0x00FF00FF\n"
                     "    tst r3, #1\n"
                     "    add r3, r2, r3, lsl #2\n"
                     "    beq 1f\n"
                     "    ldr r0, [r1], #4\n"
                     "    ldr r9, [r2]\n" VOTE("r0") "    add r9, r9, r0, asr #16\n"
                                                     "    str r9, [r2], #4\n"
                                                     "    cmp r2, r3\n"
                                                     "    beq 4f\n"
                                                     "1:  sub r0, r3, r2\n"
                                                     "    tst r0, #8\n" /* an odd number of pairs */
                                                     "    bne 3f\n"
                                                     "2:\n" PAIR "3:\n" PAIR "    cmp r2, r3\n"
                                                     "    bne 2b\n"
                                                     "4:  pop {r4-r10, pc}\n");
}

#endif
