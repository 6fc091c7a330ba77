/* Reads the custom options of a capsule operator (docs/custom_ops.md) into the parameters of its kernel.
 *
 * The bytes may come from anywhere: nothing outside of them is read, whatever they say, they need no
 * alignment, and the time is linear in their number. On TFCAPS_ERROR_OPTIONS, *key names the option at fault,
 * or is NULL when the bytes are no flexbuffer map at all; key itself may be NULL.
 */
#ifndef TFCAPS_OPTIONS_H
#define TFCAPS_OPTIONS_H

#include "tfcaps/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    TFCAPS_OPTIONS_VERSION = 1
};

tfcaps_status tfcaps_squash_options(const uint8_t *options, size_t size, tfcaps_squash_params *params,
                                    const char **key);

tfcaps_status tfcaps_length_options(const uint8_t *options, size_t size, tfcaps_length_params *params,
                                    const char **key);

/* How many int32_t of storage tfcaps_capsule_dense_options needs for the multipliers: 0 when they can be used
 * where they are, which takes a little-endian 32-bit vector at an aligned address. */
tfcaps_status tfcaps_capsule_dense_options_storage(const uint8_t *options, size_t size, size_t *count,
                                                   const char **key);

/* params->multiplier points into options or into storage; both have to live as long as params is used. */
tfcaps_status tfcaps_capsule_dense_options(const uint8_t *options, size_t size, int32_t *storage,
                                           size_t storage_count, tfcaps_capsule_dense_params *params,
                                           const char **key);

#ifdef __cplusplus
}
#endif

#endif
