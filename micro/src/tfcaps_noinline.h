/* For inner loops: a function that is not inlined has all registers of the processor to itself. Private. */
#ifndef TFCAPS_NOINLINE_H
#define TFCAPS_NOINLINE_H

#if defined(__GNUC__)
#if defined(__clang__)
#define TFCAPS_NOINLINE __attribute__((noinline))
#else
#define TFCAPS_NOINLINE __attribute__((noinline, noclone)) /* nor copied for constant arguments */
#endif
/* For a function that is one piece of assembly, which finds its parameters itself. */
#define TFCAPS_NAKED _Pragma("GCC diagnostic ignored \"-Wunused-parameter\"") __attribute__((naked))
#else
#define TFCAPS_NOINLINE
#endif

#endif
