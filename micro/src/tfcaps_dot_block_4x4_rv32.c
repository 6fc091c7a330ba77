/* For 28 registers: x2 to x4 belong to the environment.
 *
 *     s0-s11, a4-a7  sums: filter 0 at the four columns, filter 1, ...
 *     t0-t3          the inputs of a tap
 *     t4, t5         a weight and a product
 *     t6             the step between two kernels
 *     a0-a3, ra      where the columns are, and a kernel
 *     0(sp)-48(sp)   s0-s11 and ra of the caller
 *     52(sp)         the argument sums
 *     56(sp)         rows that are left
 *     60(sp), 68(sp) from the end of a row to where the next one starts, in the input and in the weights
 *     64(sp)         bytes of input that all turns of a row take
 *     72(sp), 76(sp) the first tap of a row's first turn; where a row of the input ends
 *
 * A tap is 43 instructions: 4 + 4 loads, 16 multiplications, 16 additions and 3 steps, from the first kernel
 * to the last in even taps and back in odd ones. GCC 12 cannot keep that many in registers and needs more
 * than
 * 50. A turn of the loop is eight taps. A row whose size is no multiple of that enters its first turn late,
 * with pointers as many taps before the row. So all taps must have the same size in memory. */
#include "tfcaps_dot_block.h"
#include "tfcaps_noinline.h"

#if defined(TFCAPS_BLOCK_4X4_RV32)

TFCAPS_NAKED
void tfcaps_dot_block(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t input_stride,
                      const int8_t *kernel, int32_t kernel_stride, uint32_t *sums) {
    __asm__ volatile(
        /* One kernel: its weight times four inputs. */
        ".macro tfcaps_kernel a, b, c, d, tap\n"
        "    lb t4, \\tap(ra)\n"
        "    mul t5, t4, t0\n"
        "    add \\a, \\a, t5\n"
        "    mul t5, t4, t1\n"
        "    add \\b, \\b, t5\n"
        "    mul t5, t4, t2\n"
        "    add \\c, \\c, t5\n"
        "    mul t4, t4, t3\n"
        "    add \\d, \\d, t4\n"
        ".endm\n"
        ".macro tfcaps_step op\n"
        "    .option push\n"
        "    .option norvc\n"
        "    \\op ra, ra, t6\n"
        "    .option pop\n"
        ".endm\n"
        ".macro tfcaps_column op, a, b, c, d, offset, reg\n"
        "    \\op \\a, \\offset(\\reg)\n"
        "    \\op \\b, \\offset + 4(\\reg)\n"
        "    \\op \\c, \\offset + 8(\\reg)\n"
        "    \\op \\d, \\offset + 12(\\reg)\n"
        ".endm\n"
        ".macro tfcaps_inputs tap\n"
        "    lb t0, \\tap(a0)\n"
        "    lb t1, \\tap(a1)\n"
        "    lb t2, \\tap(a2)\n"
        "    lb t3, \\tap(a3)\n"
        ".endm\n"

        /* Goes to the end if there is nothing to do. Then t0 is rows, t2 and t3 are input_step less the bytes
        of all turns, and kernel_step; t4 taps are left out of a first turn, which makes t5 in all turns of a
        row. */
        "    addi sp, sp, -80\n"
        "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
        "    sw s\\n, 4 * \\n(sp)\n"
        "    .endr\n"
        "    sw ra, 48(sp)\n"
        "    lw t0, 0(a0)\n"
        "    lw t1, 4(a0)\n"
        "    blez t0, 5f\n"
        "    blez t1, 5f\n"
        "    lw t2, 8(a0)\n"
        "    lw t3, 12(a0)\n"
        "    neg t4, t1\n"
        "    andi t4, t4, 7\n"
        "    add t5, t1, t4\n"
        "    sub t2, t2, t5\n"
        "    sw t0, 56(sp)\n"
        "    sw t2, 60(sp)\n"
        "    sw t5, 64(sp)\n"
        "    sub t3, t3, t5\n"
        "    sw a5, 52(sp)\n"
        "    mv t6, a4\n"
        "    sub ra, a3, t4\n"
        "    andi t5, t4, 1\n" /* an odd tap is first: from the last kernel on */
        "    beqz t5, 1f\n"
        "    slli t5, t6, 1\n"
        "    add t5, t5, t6\n"
        "    add ra, ra, t5\n"
        "    add t3, t3, t5\n"
        "1:  sw t3, 68(sp)\n"

        /* What is in front of a first turn comes into place. */
        "    lla t2, 3f\n"
        "    lla t3, 4f\n"
        "    sub t3, t3, t2\n"
        "    srli t3, t3, 3\n"
        "    mul t3, t3, t4\n"
        "    add t2, t2, t3\n"
        "    sw t2, 72(sp)\n"
        "    sub a0, a1, t4\n"
        "    add a1, a0, a2\n"
        "    mv t0, a2\n"
        "    add a2, a1, t0\n"
        "    add a3, a2, t0\n"

        /* The rows, turn by turn. */
        "    lw t0, 52(sp)\n"
        "    tfcaps_column lw, s0, s4, s8, a4, 0, t0\n"
        "    tfcaps_column lw, s1, s5, s9, a5, 16, t0\n"
        "    tfcaps_column lw, s2, s6, s10, a6, 32, t0\n"
        "    tfcaps_column lw, s3, s7, s11, a7, 48, t0\n"
        "2:  lw t4, 64(sp)\n"
        "    lw t5, 72(sp)\n"
        "    add t4, t4, a0\n"
        "    sw t4, 76(sp)\n"
        "    jr t5\n"
        "3:\n"
        "    .irp tap, 0, 2, 4, 6\n"
        "    tfcaps_inputs \\tap\n"
        "    tfcaps_kernel s0, s1, s2, s3, \\tap\n"
        "    tfcaps_step add\n"
        "    tfcaps_kernel s4, s5, s6, s7, \\tap\n"
        "    tfcaps_step add\n"
        "    tfcaps_kernel s8, s9, s10, s11, \\tap\n"
        "    tfcaps_step add\n"
        "    tfcaps_kernel a4, a5, a6, a7, \\tap\n"
        "    tfcaps_inputs \\tap + 1\n"
        "    tfcaps_kernel a4, a5, a6, a7, \\tap + 1\n"
        "    tfcaps_step sub\n"
        "    tfcaps_kernel s8, s9, s10, s11, \\tap + 1\n"
        "    tfcaps_step sub\n"
        "    tfcaps_kernel s4, s5, s6, s7, \\tap + 1\n"
        "    tfcaps_step sub\n"
        "    tfcaps_kernel s0, s1, s2, s3, \\tap + 1\n"
        "    .endr\n"
        "4:  lw t4, 76(sp)\n"
        "    addi a0, a0, 8\n"
        "    addi a1, a1, 8\n"
        "    addi a2, a2, 8\n"
        "    addi a3, a3, 8\n"
        "    addi ra, ra, 8\n"
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
        ".purgem tfcaps_inputs\n"
        ".purgem tfcaps_column\n"
        ".purgem tfcaps_kernel\n"
        ".purgem tfcaps_step\n");
}

#endif
