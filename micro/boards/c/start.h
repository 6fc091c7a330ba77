/* Between reset and main(). */
#ifndef TFCAPS_BOARD_START_H
#define TFCAPS_BOARD_START_H

/* Exit codes from here on are faults: this plus the number of the exception (IPSR or mcause). */
enum {
    BOARD_FAULT = 64,
};

/* Called by the entry code with a stack and every unit of the processor switched on. */
void board_start(void);

int main(void);

#endif
