/* A mark for the counting plugin: one instruction that does nothing and that no compiler writes. The plugin
 * counts what is executed between two marks, the marks themselves left out. The build includes this file
 * before everything else, so that generated code is cut into layers. */
#ifndef TFCAPS_BOARD_MARK_H
#define TFCAPS_BOARD_MARK_H

#if defined(__arm__)
#define BOARD_MARK() __asm volatile("mov r11, r11" ::: "memory") /* 0x46db */
#elif defined(__riscv)
#define BOARD_MARK() __asm volatile("slti zero, zero, 0x7ca" ::: "memory") /* 0x7ca02013, a hint */
#endif

#define TFCAPS_LAYER(index) BOARD_MARK()

#endif
