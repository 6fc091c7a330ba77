/* For inner loops: a function that is not inlined has all registers of the processor to itself. Private. */
#ifndef TFCAPS_NOINLINE_H
#define TFCAPS_NOINLINE_H

#if defined(__GNUC__)
#define TFCAPS_NOINLINE __attribute__((noinline))
#else
#define TFCAPS_NOINLINE
#endif

#endif
