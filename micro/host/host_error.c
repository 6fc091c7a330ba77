#include <stdarg.h>
#include <stdio.h>

#include "host_error.h"

static char text[512];

int host_fail(const char *format, ...) {
    if (text[0] == '\0') {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
    }
    return 0;
}

const char *TfcapsLastError(void) {
    return text;
}

void TfcapsClearError(void) {
    text[0] = '\0';
}
