#include "tfcaps_routing.h"

/* What the processor has for the most of sizes, and the loops in assembly for some. */
#if defined(TFCAPS_DSP)
static const tfcaps_routing_passes *const quicker[] = {
    &tfcaps_passes_4_to_6,
    &tfcaps_passes_4_to_eights,
    &tfcaps_passes_4_to_fours,
    &tfcaps_passes_4_to_twos,
    &tfcaps_passes_8_to_fours,
    &tfcaps_passes_8_to_fours_shifted,
    NULL,
};
#else
static const tfcaps_routing_passes *const *const quicker = NULL;
#endif

const tfcaps_routing_passes tfcaps_passes_any = {tfcaps_routing_add_votes, tfcaps_routing_add_coupled, NULL,
                                                 tfcaps_capsule_dense_s8_kept_get_buffer_size, quicker};
