/* Runs in workers, which write failure records, and in the host, which reads them. A record on a
 * page is a struct head, then the file's name and the message, both without their NUL. */
#include "common/failure.h"

#include <string.h>

#include "common/board.h"

struct head {
    uint64_t item;
    int32_t code;
    int32_t line;
    uint32_t file_length;
    uint32_t message_length;
};

size_t pool__failure_limit(void)
{
    return sizeof(struct head) + POOL__FILE_MAX + POOL_MESSAGE_MAX;
}

uint32_t pool__failure_write(unsigned char *page, uint32_t used,
                             const struct pool__failure *failure)
{
    struct head head = {failure->item, failure->code, failure->line,
                        (uint32_t)strlen(failure->file), (uint32_t)strlen(failure->message)};
    memcpy(page + used, &head, sizeof head);
    used += (uint32_t)sizeof head;
    memcpy(page + used, failure->file, head.file_length);
    used += head.file_length;
    memcpy(page + used, failure->message, head.message_length);
    return used + head.message_length;
}

bool pool__failure_read(const unsigned char *page, uint32_t used, uint32_t *at,
                        struct pool__failure *failure)
{
    struct head head;
    if (used > POOL__FAILURES || *at > used || used - *at < sizeof head)
        return false;
    memcpy(&head, page + *at, sizeof head);
    uint32_t room = used - *at - (uint32_t)sizeof head;
    if (head.file_length > POOL__FILE_MAX || head.message_length > POOL_MESSAGE_MAX ||
        head.file_length + head.message_length > room)
        return false;
    const unsigned char *text = page + *at + sizeof head;
    *failure = (struct pool__failure){.item = head.item, .code = head.code, .line = head.line};
    memcpy(failure->file, text, head.file_length);
    memcpy(failure->message, text + head.file_length, head.message_length);
    *at += (uint32_t)sizeof head + head.file_length + head.message_length;
    return true;
}
