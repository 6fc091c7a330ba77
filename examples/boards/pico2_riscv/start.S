/* The image's first instruction, and the block by which the RP2350's boot ROM knows a RISC-V program (data sheet 5.9.5).
 * Core 0 comes here; core 1 waits in the boot ROM. */
    .section .entry, "ax"
    .global reset
reset:
    j run

    .balign 4
    .word 0xffffded3 /* block start */
    .word 0x11010142 /* image type: executable, RISC-V, RP2350 */
    .word 0x000001ff /* last item, one word before it */
    .word 0          /* no other block */
    .word 0xab123579 /* block end */

    .text
run:
    .option push
    .option norelax
    la gp, global_pointer
    .option pop
    la sp, stack_top
    la a0, data_load
    la a1, data_start
    la a2, data_end
1:  bgeu a1, a2, 2f
    lw a3, 0(a0)
    sw a3, 0(a1)
    addi a0, a0, 4
    addi a1, a1, 4
    j 1b
2:  la a1, bss_start
    la a2, bss_end
3:  bgeu a1, a2, 4f
    sw zero, 0(a1)
    addi a1, a1, 4
    j 3b
4:  call main
5:  j 5b
