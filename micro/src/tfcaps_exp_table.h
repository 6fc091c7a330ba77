/* table[x] = round(2^(13 + (x - 512 + 1/2) / 256)): the exponentials of the routing softmax, each in the
 * middle of its step, from 2^-2 to 2^2 times that of zero. Private to the kernels. */
#ifndef TFCAPS_EXP_TABLE_H
#define TFCAPS_EXP_TABLE_H

#include <stdint.h>

enum {
    TFCAPS_EXP_ENTRIES = 1024,
    TFCAPS_EXP_CENTRE = 512, /* the entry of zero */
};

extern const uint16_t tfcaps_exp_table[TFCAPS_EXP_ENTRIES];

#endif
