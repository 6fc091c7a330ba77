#include "tfcaps_dot_block.h"

/* Eight registers can load and multiply, the others add: four sums live there. A tap is 14 instructions for
 * four products: 4 loads, 4 multiplications, which overwrite a factor, 1 copy of one, 4 additions, 1 count.
 * GCC 12 keeps no sums there, and has room for two.
 *
 *     r0, r1, r2, r3     behind the ends of a row: of the two columns, of the two kernels
 *     r4                 counts from -size up to 0
 *     r5, r6, r7         a weight, an input, a product or the other input
 *     r8, r9, r10, r11   sums: kernels 0 and 1 at column 0, at column 1
 *
 * A row enters its first turn late where its size is no multiple of four: every tap has 28 bytes. */
#if defined(TFCAPS_BLOCK_2X2_THUMB1)

TFCAPS_NAKED
void tfcaps_dot_block(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t input_stride,
                      const int8_t *kernel, int32_t kernel_stride, uint32_t *sums) {
    __asm__ volatile("    .syntax unified\n"
                     "    push {r4, r5, r6, r7, lr}\n"
                     "    mov r4, r8\n"
                     "    mov r5, r9\n"
                     "    mov r6, r10\n"
                     "    mov r7, r11\n"
                     "    push {r4, r5, r6, r7}\n"
                     "    sub sp, #20\n"
                     "    ldr r5, [sp, #60]\n" /* sums */
                     "    ldmia r5!, {r4, r6, r7}\n"
                     "    mov r8, r4\n"
                     "    mov r9, r6\n"
                     "    mov r10, r7\n"
                     "    ldr r4, [r5]\n"
                     "    mov r11, r4\n"
                     "    ldmia r0!, {r4, r5, r6, r7}\n" /* rows, size, input_step, kernel_step */
                     "    str r4, [sp, #0]\n"            /* rows left */
                     "    str r6, [sp, #4]\n"
                     "    str r7, [sp, #8]\n"
                     "    cmp r4, #0\n"
                     "    ble 4f\n"
                     "    cmp r5, #0\n"
                     "    ble 4f\n"
                     "    adds r0, r1, r5\n" /* from starts to ends */
                     "    adds r1, r0, r2\n"
                     "    adds r2, r3, r5\n"
                     "    ldr r3, [sp, #56]\n" /* kernel_stride */
                     "    adds r3, r2, r3\n"
                     "    rsbs r5, r5, #0\n"
                     "    str r5, [sp, #12]\n" /* -size */
                     "    movs r6, #3\n"
                     "    ands r5, r6\n" /* taps left out of the first turn */
                     "    movs r6, #28\n"
                     "    muls r5, r6\n"
                     "    adr r6, 2f\n"
                     "    adds r5, r5, r6\n"
                     "    str r5, [sp, #16]\n" /* where a row starts */
                     "1:  ldr r4, [sp, #12]\n"
                     "    ldr r5, [sp, #16]\n"
                     "    mov pc, r5\n"
                     "    .balign 4\n"
                     "2:  .rept 4\n"
                     "    ldrsb r5, [r2, r4]\n"
                     "    ldrsb r6, [r0, r4]\n"
                     "    mov r7, r5\n"
                     "    muls r7, r6\n"
                     "    add r8, r7\n"
                     "    ldrsb r7, [r1, r4]\n"
                     "    muls r5, r7\n"
                     "    add r10, r5\n"
                     "    ldrsb r5, [r3, r4]\n"
                     "    muls r6, r5\n"
                     "    add r9, r6\n"
                     "    muls r7, r5\n"
                     "    add r11, r7\n"
                     "    adds r4, #1\n"
                     "    .endr\n"
                     "    bne 2b\n"
                     "    ldr r4, [sp, #0]\n"
                     "    ldr r5, [sp, #4]\n"
                     "    ldr r6, [sp, #8]\n"
                     "    adds r0, r0, r5\n"
                     "    adds r1, r1, r5\n"
                     "    adds r2, r2, r6\n"
                     "    adds r3, r3, r6\n"
                     "    subs r4, #1\n"
                     "    str r4, [sp, #0]\n"
                     "    bne 1b\n"
                     "4:  ldr r5, [sp, #60]\n"
                     "    mov r4, r8\n"
                     "    mov r6, r9\n"
                     "    mov r7, r10\n"
                     "    stmia r5!, {r4, r6, r7}\n"
                     "    mov r4, r11\n"
                     "    str r4, [r5]\n"
                     "    add sp, #20\n"
                     "    pop {r4, r5, r6, r7}\n"
                     "    mov r8, r4\n"
                     "    mov r9, r5\n"
                     "    mov r10, r6\n"
                     "    mov r11, r7\n"
                     "    pop {r4, r5, r6, r7, pc}\n");
}

#endif
