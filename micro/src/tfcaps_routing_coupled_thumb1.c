#include "tfcaps_noinline.h"
#include "tfcaps_routing_thumb.h"

/* A vote is 11 instructions and half of one for the loop, an output capsule 17 more. Products have 32 bits,
 * so c comes in two parts: ((c >> 8) h + (((c & 255) h) >> 8)) >> 8.
 *
 *     r0, r1          c >> 8, c & 255
 *     r2, r3, r8      h; the sums and their end in this output capsule
 *     r7, r11         0, bytes of an output capsule's sums
 *     r9, r10, lr     exps and their end, where the first turn of an output capsule begins
 *     r4, r5          a vote and its products
 *
 * A turn is four votes; one that has less is entered late: every vote has 22 bytes. */
#if defined(TFCAPS_THUMB1)

TFCAPS_NAKED
void tfcaps_thumb_add_coupled(const int16_t *h, const uint32_t *exps, uint32_t *sums, int32_t capsules,
                              int32_t dimension, uint32_t reciprocal, int32_t shift) {
    __asm__ volatile("    .syntax unified\n"
                     "    push {r4, r5, r6, r7, lr}\n"
                     "    mov r4, r8\n"
                     "    mov r5, r9\n"
                     "    mov r6, r10\n"
                     "    mov r7, r11\n"
                     "    push {r4, r5, r6, r7}\n"
                     "    mov r9, r1\n"
                     "    lsls r3, r3, #2\n"
                     "    adds r3, r3, r1\n"
                     "    mov r10, r3\n"
                     "    mov r3, r2\n"
                     "    mov r2, r0\n"
                     "    ldr r4, [sp, #36]\n" /* dimension */
                     "    lsls r5, r4, #2\n"
                     "    mov r11, r5\n"
                     "    rsbs r4, r4, #0\n"
                     "    movs r5, #3\n"
                     "    ands r4, r5\n" /* votes left out of a first turn */
                     "    movs r5, #22\n"
                     "    muls r4, r5\n"
                     "    adr r5, 2f\n"
                     "    adds r4, r4, r5\n"
                     "    mov lr, r4\n"
                     "    movs r7, #0\n"
                     "1:  mov r4, r9\n"
                     "    ldmia r4!, {r5}\n"
                     "    mov r9, r4\n"
                     "    ldr r4, [sp, #40]\n" /* reciprocal */
                     "    muls r5, r4\n"
                     "    ldr r4, [sp, #44]\n" /* shift */
                     "    lsrs r5, r4\n"
                     "    lsrs r0, r5, #8\n"
                     "    uxtb r1, r5\n"
                     "    mov r4, r11\n"
                     "    adds r4, r4, r3\n"
                     "    mov r8, r4\n"
                     "    mov pc, lr\n"
                     "    .balign 4\n"
                     "2:  .rept 4\n"
                     "    ldrsh r4, [r2, r7]\n"
                     "    movs r5, r4\n"
                     "    muls r4, r0\n"
                     "    muls r5, r1\n"
                     "    asrs r5, r5, #8\n"
                     "    adds r4, r4, r5\n"
                     "    asrs r4, r4, #8\n"
                     "    ldr r5, [r3]\n"
                     "    adds r4, r4, r5\n"
                     "    stmia r3!, {r4}\n"
                     "    adds r2, #2\n"
                     "    .endr\n"
                     "    cmp r3, r8\n"
                     "    bne 2b\n"
                     "    mov r4, r9\n"
                     "    cmp r4, r10\n"
                     "    bne 1b\n"
                     "    pop {r4, r5, r6, r7}\n"
                     "    mov r8, r4\n"
                     "    mov r9, r5\n"
                     "    mov r10, r6\n"
                     "    mov r11, r7\n"
                     "    pop {r4, r5, r6, r7, pc}\n");
}

#endif
