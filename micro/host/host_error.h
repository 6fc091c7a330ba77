/* The text of the last thing that went wrong: the runtimes print theirs to stderr or lose them on the way to
 * Python. */
#ifndef TFCAPS_HOST_ERROR_H
#define TFCAPS_HOST_ERROR_H

#define HOST_EXPORT __attribute__((visibility("default")))

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
/* Keeps the first text since it was cleared; returns 0. */
int host_fail(const char *format, ...);

/* "" when nothing went wrong since the last TfcapsClearError. */
HOST_EXPORT const char *TfcapsLastError(void);
HOST_EXPORT void TfcapsClearError(void);

#endif
