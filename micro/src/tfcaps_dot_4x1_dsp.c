#include "tfcaps_dot_block.h"

/* Four taps of one input are 25 instructions: 1 load and 2 SXTAB16, which also take the zero point off, 1
 * load, 2 SXTB16 and 2 SMLAD for each kernel, and 2 for the loop. GCC 12 keeps a sum, the zero point and the
 * end on the stack and needs 31. There are as many registers as it takes because two pointers and the
 * distance of kernels reach all four of them.
 *
 *     r6-r9         sums
 *     r1, r0        the input and its end in this row, without the last few taps
 *     r3, r4, r12   kernel 0, kernel 3, kernel_stride
 *     r2            minus the zero point in both halves
 *     r11, r5       even and odd inputs
 *     r10, lr       weights
 *     0(sp)-16(sp)  bytes, input and kernel of this row, rows that are left, zero_point */
#if defined(TFCAPS_DSP)

TFCAPS_NAKED
void tfcaps_dot_4x1(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t zero_point,
                    const int8_t *kernel, int32_t kernel_stride, uint32_t sums[4]) {
    __asm__ volatile(".syntax unified\n"
                     ".macro tfcaps_kernel sum\n"
                     "    sxtb16 lr, r10\n"
                     "    sxtb16 r10, r10, ror #8\n"
                     "    smlad \\sum, lr, r11, \\sum\n"
                     "    smlad \\sum, r10, r5, \\sum\n"
                     ".endm\n"

                     "    push {r4-r11, lr}\n"
                     "    sub sp, #20\n"
                     "    ldr r4, [r0]\n" /* rows */
                     "    ldr r12, [sp, #56]\n"
                     "    ldr r5, [sp, #60]\n"
                     "    cmp r4, #0\n"
                     "    ble 6f\n"
                     "    strd r0, r1, [sp]\n"
                     "    strd r3, r4, [sp, #8]\n"
                     "    str r2, [sp, #16]\n"
                     "    ldm r5, {r6-r9}\n"

                     "1:  ldr r4, [r0, #4]\n" /* size */
                     "    rsb r2, r2, #0\n"
                     "    bic r0, r4, #3\n"
                     "    add r4, r12, r12, lsl #1\n"
                     "    pkhbt r2, r2, r2, lsl #16\n"
                     "    add r4, r4, r3\n"
                     "    adds r0, r0, r1\n"
                     "    cmp r0, r1\n"
                     "    beq 3f\n"
                     "2:  ldr r5, [r1], #4\n"
                     "    ldr r10, [r3, r12]\n"
                     "    sxtab16 r11, r2, r5\n"
                     "    sxtab16 r5, r2, r5, ror #8\n"
                     "    tfcaps_kernel r7\n"
                     "    ldr r10, [r3, r12, lsl #1]\n"
                     "    tfcaps_kernel r8\n"
                     "    ldr r10, [r3], #4\n"
                     "    tfcaps_kernel r6\n"
                     "    ldr r10, [r4], #4\n"
                     "    tfcaps_kernel r9\n"
                     "    cmp r0, r1\n"
                     "    bne 2b\n"

                     "3:  ldr r11, [sp]\n"
                     "    ldr r2, [sp, #16]\n"
                     "    ldr r0, [r11, #4]\n"
                     "    ands r0, r0, #3\n" /* taps left */
                     "    beq 5f\n"
                     "4:  ldrsb r5, [r1], #1\n"
                     "    ldrsb r10, [r3, r12]\n"
                     "    sub r5, r5, r2\n"
                     "    mla r7, r10, r5, r7\n"
                     "    ldrsb r10, [r3, r12, lsl #1]\n"
                     "    mla r8, r10, r5, r8\n"
                     "    ldrsb r10, [r3], #1\n"
                     "    mla r6, r10, r5, r6\n"
                     "    ldrsb r10, [r4], #1\n"
                     "    mla r9, r10, r5, r9\n"
                     "    subs r0, r0, #1\n"
                     "    bne 4b\n"
                     "5:  ldr r10, [sp, #12]\n"
                     "    ldrd r0, r1, [sp]\n"
                     "    ldr r3, [sp, #8]\n"
                     "    ldrd r4, r5, [r11, #8]\n" /* input_step, kernel_step */
                     "    add r1, r1, r4\n"
                     "    add r3, r3, r5\n"
                     "    subs r10, r10, #1\n"
                     "    str r1, [sp, #4]\n"
                     "    strd r3, r10, [sp, #8]\n"
                     "    bgt 1b\n"
                     "    ldr r5, [sp, #60]\n"
                     "    stm r5, {r6-r9}\n"
                     "6:  add sp, #20\n"
                     "    pop {r4-r11, pc}\n"
                     ".purgem tfcaps_kernel\n");
}

#endif
