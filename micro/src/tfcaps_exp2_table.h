/* table[k] = round(2^15 * 2^(-k/256)): the exponential of the routing softmax. Private to the kernels. */
#ifndef TFCAPS_EXP2_TABLE_H
#define TFCAPS_EXP2_TABLE_H

#include <stdint.h>

extern const uint16_t tfcaps_exp2_table[256];

#endif
