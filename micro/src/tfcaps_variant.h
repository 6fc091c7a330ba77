/* Which instructions the inner loops may use beyond those of plain C. Private.
 *
 * At most one of TFCAPS_DSP (packed halfwords of Armv7E-M and Armv8-M), TFCAPS_MVE (Helium) and TFCAPS_RVV
 * (RISC-V vectors) is defined. A primitive's variant is a file of its own, whole under its macro; the plain
 * file is compiled wherever no variant is. All give the same bits. -DTFCAPS_PLAIN_C leaves only the plain
 * files. */
#ifndef TFCAPS_VARIANT_H
#define TFCAPS_VARIANT_H

#if defined(TFCAPS_PLAIN_C)
#elif defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#define TFCAPS_MVE 1
#elif defined(__ARM_FEATURE_DSP) && defined(__thumb2__) && defined(__GNUC__)
#define TFCAPS_DSP 1
#elif defined(__riscv_vector)
#define TFCAPS_RVV 1
#endif

#endif
