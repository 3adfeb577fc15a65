#define _POSIX_C_SOURCE 200809L
#include "live.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define CLEAR "\r\033[K" /* to the start of the line, and clears it */

static bool shown;

void live_show(const char *format, ...)
{
    char text[LIVE_COLUMNS + 1];
    va_list arguments;
    if (!isatty(STDERR_FILENO))
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, CLEAR "%s", text);
    fflush(stderr);
    shown = true;
}

void live_hide(void)
{
    if (shown)
        fputs(CLEAR, stderr);
    shown = false;
}

void live_say(const char *format, ...)
{
    va_list arguments;
    live_hide();
    fputs("search: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    putc('\n', stderr);
}
