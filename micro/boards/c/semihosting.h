/* Files, text and the exit code of the host, by semihosting: what an emulated board has instead of a screen.
 * Numbers and argument blocks are those of Arm's semihosting specification, which RISC-V follows. */
#ifndef TFCAPS_BOARD_SEMIHOSTING_H
#define TFCAPS_BOARD_SEMIHOSTING_H

#include <stddef.h>
#include <stdint.h>

enum {
    BOARD_READ = 1,   /* "rb" */
    BOARD_CREATE = 5, /* "wb" */
};

/* Open a file of the host's current folder; negative when that fails. */
intptr_t board_open(const char *path, intptr_t mode);

/* Read up to `size` bytes; gives how many were read. */
size_t board_read(intptr_t file, void *data, size_t size);

/* Write `size` bytes; 0 when all of them were written. */
intptr_t board_write(intptr_t file, const void *data, size_t size);

void board_close(intptr_t file);

void board_print(const char *text);
void board_print_number(uint32_t value);

/* End the emulator with this exit code. */
#if defined(__GNUC__)
__attribute__((noreturn))
#endif
void board_exit(int code);

#endif
