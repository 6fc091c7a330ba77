#include "tfcaps_interleaved.h"

/* For 28 registers: 16 sums, four inputs, a weight, two products, pointers to four columns and to the kernel.
 * A tap is 40 instructions: 4 + 4 loads, 16 multiplications and 16 additions. GCC 12 keeps pointers and sums
 * on the stack and needs 47.
 *
 *     s0-s11, a4-a7  sums: filter 0 at the four columns, filter 1, ...
 *     t0-t3          the inputs of a tap
 *     t4, t5, t6     a weight, two products
 *     a0-a3, ra      where the columns are, and the kernel
 *     0(sp)-51(sp)   s0-s11 and ra of the caller
 *
 * A turn of the loop is eight taps. A row whose size is no multiple of that enters its first turn late, with
 * pointers as many taps before the row. So all taps must have the same size in memory. */
#if defined(TFCAPS_RV32)

TFCAPS_NAKED
void tfcaps_interleaved_4x4(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t input_stride,
                            const int8_t *kernel, uint32_t sums[16]) {
    __asm__ volatile(
        /* One filter: its weight times four inputs. */
        ".macro tfcaps_filter a, b, c, d, weight\n"
        "    lb t4, \\weight(ra)\n"
        "    mul t5, t4, t0\n"
        "    mul t6, t4, t1\n"
        "    add \\a, \\a, t5\n"
        "    mul t5, t4, t2\n"
        "    add \\b, \\b, t6\n"
        "    mul t6, t4, t3\n"
        "    add \\c, \\c, t5\n"
        "    add \\d, \\d, t6\n"
        ".endm\n"
        /* A column's four sums, from or to where reg points. */
        ".macro tfcaps_column op, a, b, c, d, offset, reg\n"
        "    \\op \\a, \\offset(\\reg)\n"
        "    \\op \\b, \\offset + 4(\\reg)\n"
        "    \\op \\c, \\offset + 8(\\reg)\n"
        "    \\op \\d, \\offset + 12(\\reg)\n"
        ".endm\n"

        "    addi sp, sp, -80\n"
        "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
        "    sw s\\n, 4 * \\n(sp)\n"
        "    .endr\n"
        "    sw ra, 48(sp)\n"

        "    lw t0, 0(a0)\n" /* rows */
        "    lw t1, 4(a0)\n" /* size */
        "    blez t0, 5f\n"
        "    blez t1, 5f\n"
        "    lw t2, 8(a0)\n"  /* input_step */
        "    lw t3, 12(a0)\n" /* kernel_step */
        "    neg t4, t1\n"
        "    andi t4, t4, 7\n" /* taps left out of the first turn */
        "    add t5, t1, t4\n" /* taps of all turns */
        "    sub t2, t2, t5\n" /* from the end of a row to where the next one starts */
        "    slli t6, t5, 2\n"
        "    sub t3, t3, t6\n"
        "    sw a4, 52(sp)\n"
        "    sw t0, 56(sp)\n"
        "    sw t2, 60(sp)\n"
        "    sw t5, 64(sp)\n"
        "    sw t3, 68(sp)\n"
        "    slli t6, t4, 2\n"
        "    sub ra, a3, t6\n"
        "    lla t2, 3f\n"
        "    lla t3, 4f\n"
        "    sub t3, t3, t2\n"
        "    srli t3, t3, 3\n"
        "    mul t3, t3, t4\n"
        "    add t2, t2, t3\n"
        "    sw t2, 72(sp)\n" /* the first tap of a row's first turn */
        "    sub a0, a1, t4\n"
        "    add a1, a0, a2\n"
        "    add a3, a1, a2\n"
        "    mv t0, a3\n"
        "    add a3, a3, a2\n"
        "    mv a2, t0\n"
        "    tfcaps_column lw, s0, s4, s8, t0, 0, a4\n"
        "    tfcaps_column lw, s1, s5, s9, a5, 16, a4\n"
        "    tfcaps_column lw, s2, s6, s10, a6, 32, a4\n"
        "    tfcaps_column lw, s3, s7, s11, a7, 48, a4\n"
        "    mv a4, t0\n"

        "2:  lw t4, 64(sp)\n"
        "    lw t5, 72(sp)\n"
        "    add t4, t4, a0\n"
        "    sw t4, 76(sp)\n" /* where the row ends */
        "    jr t5\n"
        "3:\n"
        "    .irp tap, 0, 1, 2, 3, 4, 5, 6, 7\n"
        "    lb t0, \\tap(a0)\n"
        "    lb t1, \\tap(a1)\n"
        "    lb t2, \\tap(a2)\n"
        "    lb t3, \\tap(a3)\n"
        "    tfcaps_filter s0, s1, s2, s3, 4 * \\tap\n"
        "    tfcaps_filter s4, s5, s6, s7, 4 * \\tap + 1\n"
        "    tfcaps_filter s8, s9, s10, s11, 4 * \\tap + 2\n"
        "    tfcaps_filter a4, a5, a6, a7, 4 * \\tap + 3\n"
        "    .endr\n"
        "4:  lw t4, 76(sp)\n"
        "    addi a0, a0, 8\n"
        "    addi a1, a1, 8\n"
        "    addi a2, a2, 8\n"
        "    addi a3, a3, 8\n"
        "    addi ra, ra, 32\n"
        "    bne a0, t4, 3b\n"
        "    lw t4, 60(sp)\n"
        "    lw t5, 68(sp)\n"
        "    add a0, a0, t4\n"
        "    add a1, a1, t4\n"
        "    add a2, a2, t4\n"
        "    add a3, a3, t4\n"
        "    add ra, ra, t5\n"
        "    lw t4, 56(sp)\n"
        "    addi t4, t4, -1\n"
        "    sw t4, 56(sp)\n"
        "    bnez t4, 2b\n"

        "    lw t0, 52(sp)\n"
        "    tfcaps_column sw, s0, s4, s8, a4, 0, t0\n"
        "    tfcaps_column sw, s1, s5, s9, a5, 16, t0\n"
        "    tfcaps_column sw, s2, s6, s10, a6, 32, t0\n"
        "    tfcaps_column sw, s3, s7, s11, a7, 48, t0\n"
        "5:  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
        "    lw s\\n, 4 * \\n(sp)\n"
        "    .endr\n"
        "    lw ra, 48(sp)\n"
        "    addi sp, sp, 80\n"
        "    ret\n"
        ".purgem tfcaps_filter\n"
        ".purgem tfcaps_column\n");
}

#endif
