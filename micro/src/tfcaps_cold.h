/* Which functions are compiled for size and which for speed, whatever the compiler is told. Private.
 *
 * TFCAPS_COLD: runs once a layer, or next to a loop that takes far longer. So are static functions that only
 * such functions call; TFCAPS_HOT excepts the loops among them. A caller that sees that a function is cold
 * takes the way to it for one hardly ever taken: COLD stands at definitions, not in headers. It says nothing
 * where there are vectors, which compilers would not use in such functions. */
#ifndef TFCAPS_COLD_H
#define TFCAPS_COLD_H

#include "tfcaps_variant.h"

#if defined(__GNUC__) && !defined(TFCAPS_MVE) && !defined(TFCAPS_RVV)
#define TFCAPS_COLD __attribute__((cold))
#define TFCAPS_HOT __attribute__((hot))
#else
#define TFCAPS_COLD
#define TFCAPS_HOT
#endif

#endif
