#include "tfcaps_block_4x4_rv32.h"
#include "tfcaps_interleaved.h"

/* For 28 registers, those of tfcaps_block_4x4_rv32.h: 16 sums, four inputs, a weight (t4), two products (t5,
 * t6), pointers to four columns and to the kernel. A tap is 40 instructions: 4 + 4 loads, 16 multiplications
 * and 16 additions. GCC 12 keeps pointers and sums on the stack and needs 47. */
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
        ".endm\n" TFCAPS_4X4_MACROS

        "    addi sp, sp, -80\n" TFCAPS_4X4_BEGIN "    slli t6, t5, 2\n"
        "    sub t3, t3, t6\n"
        "    sw a4, 52(sp)\n"
        "    sw t3, 68(sp)\n"
        "    slli t6, t4, 2\n"
        "    sub ra, a3, t6\n"

        TFCAPS_4X4_ENTER TFCAPS_4X4_ROWS("    .irp tap, 0, 1, 2, 3, 4, 5, 6, 7\n"
                                         "    tfcaps_inputs \\tap\n"
                                         "    tfcaps_filter s0, s1, s2, s3, 4 * \\tap\n"
                                         "    tfcaps_filter s4, s5, s6, s7, 4 * \\tap + 1\n"
                                         "    tfcaps_filter s8, s9, s10, s11, 4 * \\tap + 2\n"
                                         "    tfcaps_filter a4, a5, a6, a7, 4 * \\tap + 3\n"
                                         "    .endr\n",
                                         "32") ".purgem tfcaps_filter\n");
}

#endif
