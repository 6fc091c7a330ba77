/* Which instructions the inner loops may use beyond those that compilers make of C. Private.
 *
 * At most one of these is defined:
 *
 *     TFCAPS_DSP     packed halfwords of Armv7E-M and Armv8-M
 *     TFCAPS_MVE     Helium
 *     TFCAPS_RVV     RISC-V vectors
 *     TFCAPS_THUMB1  assembly for Armv6-M, eight of whose registers can do everything and the others can add
 *     TFCAPS_THUMB2  assembly for Armv7-M and Armv8-M without packed halfwords
 *     TFCAPS_RV32    assembly for 32-bit RISC-V with all 32 registers and multiplication
 *
 * A primitive's variant is a file of its own, whole under its macro; the plain file is compiled wherever no
 * variant is. All give the same bits. -DTFCAPS_PLAIN_C leaves only the plain files. */
#ifndef TFCAPS_VARIANT_H
#define TFCAPS_VARIANT_H

#if defined(TFCAPS_PLAIN_C)
#elif defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#define TFCAPS_MVE 1
#elif defined(__ARM_FEATURE_DSP) && defined(__thumb2__) && defined(__GNUC__)
#define TFCAPS_DSP 1
#elif defined(__riscv_vector)
#define TFCAPS_RVV 1
#elif defined(__thumb__) && !defined(__thumb2__) && defined(__GNUC__)
#define TFCAPS_THUMB1 1
#elif defined(__thumb2__) && !defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
#define TFCAPS_THUMB2 1
#elif defined(__riscv_mul) && __riscv_xlen == 32 && !defined(__riscv_32e) && defined(__GNUC__)
#define TFCAPS_RV32 1
#endif

#endif
