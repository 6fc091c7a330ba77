# Reset and traps of a RISC-V hart in machine mode.

    .option arch, +zicsr
    .section .vectors, "ax"
    .globl board_entry
board_entry:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, __stack_top
    la t0, trap
    csrw mtvec, t0
    li t0, (1 << 13) | (1 << 9)     # mstatus: floating point and vectors on, where there are any
    csrs mstatus, t0
    call board_start

    .balign 4
trap:
    csrr a0, mcause
    andi a0, a0, 63
    addi a0, a0, 64                 # BOARD_FAULT
    call board_exit
