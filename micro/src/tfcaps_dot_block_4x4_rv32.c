#include "tfcaps_block_4x4_rv32.h"
#include "tfcaps_dot_block.h"

/* For 28 registers, those of tfcaps_block_4x4_rv32.h: 16 sums, four inputs, a weight (t4), a product (t5),
 * pointers to four columns and to a kernel, and the step between two kernels (t6). A tap is 43 instructions:
 * 4 + 4 loads, 16 multiplications, 16 additions and 3 steps, from the first kernel to the last in even taps
 * and back in odd ones. GCC 12 cannot keep that many in registers and needs more than 50. */
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
        ".endm\n" TFCAPS_4X4_MACROS

        "    addi sp, sp, -80\n" TFCAPS_4X4_BEGIN "    sub t3, t3, t5\n"
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

        TFCAPS_4X4_ENTER TFCAPS_4X4_ROWS("    .irp tap, 0, 2, 4, 6\n"
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
                                         "    .endr\n",
                                         "8") ".purgem tfcaps_kernel\n"
                                              ".purgem tfcaps_step\n");
}

#endif
