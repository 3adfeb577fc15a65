/* Runs in every process: the name and the sentence of each error code. Pure. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "procpool.h"

const char *pool_strerror(int code)
{
    switch (code) {
    case 0:
        return "success";
#define TEXT(name, value, text)                                                                    \
    case name:                                                                                     \
        return text;
        POOL_ERROR_MAP(TEXT)
#undef TEXT
    default:
        break;
    }
    const char *text = code < 0 && code > -4096 ? strerrordesc_np(-code) : NULL;
    return text ? text : "unknown error";
}

const char *pool_error_name(int code)
{
    switch (code) {
    case 0:
        return "OK";
#define NAME(name, value, text)                                                                    \
    case name:                                                                                     \
        return #name;
        POOL_ERROR_MAP(NAME)
#undef NAME
    default:
        break;
    }
    const char *name = code < 0 && code > -4096 ? strerrorname_np(-code) : NULL;
    return name ? name : "unknown";
}
