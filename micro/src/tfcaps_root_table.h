/* table[i] = y << 16 | round(2^31 / y) with y = round(2^12 sqrt(i + 64.5)): square roots of the numbers from
 * 2^30 on that begin with the byte i + 64, and half their reciprocals, from which one step of Newton's finds
 * the root's floor or the integer above. Private to the kernels. */
#ifndef TFCAPS_ROOT_TABLE_H
#define TFCAPS_ROOT_TABLE_H

#include <stdint.h>

enum {
    TFCAPS_ROOT_FIRST = 64,
    TFCAPS_ROOT_ENTRIES = 192,
};

extern const uint32_t tfcaps_root_table[TFCAPS_ROOT_ENTRIES];

#endif
