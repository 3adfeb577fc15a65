#define _POSIX_C_SOURCE 200809L
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <procpool.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/report.h"

#define TITLE "procpool search journal 1: "
enum { LINE_ROOM = 400 };

/* A journal while it is read. */
struct reader {
    FILE *stream;
    char *line;
    size_t room;
    size_t number; /* of the line, from 1 */
    long start;    /* where the line begins in the file */
    char *problem; /* where the reason of a refusal goes */
    size_t problem_size;
};

/* Says why the journal is refused. Returns -1, to be returned. */
static int POOL_PRINTF(2, 3) refuse(struct reader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->problem, reader->problem_size, format, arguments);
    va_end(arguments);
    return -1;
}

/* ---- Lines ---- */

static void format_header(const struct study *study, char *line, size_t size)
{
    char description[LINE_ROOM];
    study_describe(study, description, sizeof description);
    snprintf(line, size, TITLE "%s\n", description);
}

static void format_result(const struct result *result, char *line, size_t size)
{
    int length = snprintf(line, size, "%u %u %s %a %.6f", result->trial, result->epochs,
                          outcome_text(result->outcome), result->score, result->seconds);
    uint64_t check = report_check(0, line, (size_t)length);
    snprintf(line + length, size - (size_t)length, " %08" PRIx32 "\n", (uint32_t)check);
}

static bool read_outcome(const char *text, enum outcome *outcome)
{
    for (int i = OUTCOME_SCORED; i < OUTCOME_COUNT; i++) {
        if (strcmp(text, outcome_text((enum outcome)i)) == 0) {
            *outcome = (enum outcome)i;
            return true;
        }
    }
    return false;
}

/* Reads a line. What was read must give the same line again, so any damage is found. */
static bool parse_result(const char *line, struct result *result)
{
    char outcome[16], again[LINE_ROOM];
    struct result read = {0};
    if (strlen(line) >= LINE_ROOM ||
        sscanf(line, "%u %u %15s %la %lf", &read.trial, &read.epochs, outcome, &read.score,
               &read.seconds) != 5 ||
        !read_outcome(outcome, &read.outcome) || !(read.score >= 0 && read.score <= 1) ||
        !(read.seconds >= 0 && read.seconds < 1e12))
        return false;
    format_result(&read, again, sizeof again);
    *result = read;
    return strcmp(line, again) == 0;
}

/* ---- Reading ---- */

/* Reads the next line. Returns 1; 0 at the end, or if the line is cut off; -1 after a failure. */
static int next_line(struct reader *reader)
{
    reader->start = ftell(reader->stream);
    errno = 0;
    ssize_t length = getline(&reader->line, &reader->room, reader->stream);
    if (length < 0 && (ferror(reader->stream) || errno != 0))
        return refuse(reader, "%s", pool_strerror(errno ? -errno : -EIO));
    reader->number++;
    if (length > 0 && strlen(reader->line) != (size_t)length)
        return refuse(reader, "line %zu is damaged", reader->number);
    if (length < 0)
        reader->line[0] = '\0';
    return length > 0 && reader->line[length - 1] == '\n';
}

/* Whether the header was not written to its end. A text without the whole title is of something else. */
static bool is_cut_header(const char *line, const char *header)
{
    size_t length = strlen(line);
    return length == 0 || (length >= strlen(TITLE) && strncmp(line, header, length) == 0);
}

/* Returns 1 if the journal has this study's header, 0 if it has nothing yet, -1 if it is refused. */
static int check_header(struct reader *reader, const struct study *study)
{
    char header[2 * LINE_ROOM];
    format_header(study, header, sizeof header);
    int code = next_line(reader);
    if (code < 0 || (code > 0 && strcmp(reader->line, header) == 0))
        return code;
    if (code == 0 && is_cut_header(reader->line, header))
        return 0;
    if (code == 0 || strncmp(reader->line, TITLE, strlen(TITLE)) != 0)
        return refuse(reader, "this file is no journal of a search");
    return refuse(reader,
                  "this is the journal of another search\n  the journal: %s  asked for:   %s",
                  reader->line + strlen(TITLE), header + strlen(TITLE));
}

static int take_results(struct reader *reader, struct rounds *rounds)
{
    int code;
    while ((code = next_line(reader)) > 0) {
        struct result result;
        if (!parse_result(reader->line, &result))
            return refuse(reader, "line %zu is damaged", reader->number);
        if (!rounds_take(rounds, &result))
            return refuse(reader,
                          "line %zu is out of place: trial %u was not to run with %u epochs then",
                          reader->number, result.trial, result.epochs);
    }
    return code;
}

/* Writes a text to the end. */
static int append(FILE *stream, const char *text)
{
    errno = 0;
    if (fseek(stream, 0, SEEK_END) == 0 && fputs(text, stream) >= 0 && fflush(stream) == 0)
        return 0;
    return errno ? -errno : -EIO;
}

/* Removes what was not written to its end, and adds the header if there is none. */
static int mend(struct reader *reader, const struct study *study, bool begun)
{
    char header[2 * LINE_ROOM];
    format_header(study, header, sizeof header);
    int code = ftruncate(fileno(reader->stream), reader->start) == 0 ? 0 : -errno;
    if (code == 0 && !begun)
        code = append(reader->stream, header);
    return code < 0 ? refuse(reader, "%s", pool_strerror(code)) : 0;
}

static int read_journal(struct reader *reader, struct rounds *rounds)
{
    int begun = check_header(reader, rounds->study);
    if (begun < 0 || (begun > 0 && take_results(reader, rounds) < 0))
        return -1;
    return mend(reader, rounds->study, begun > 0);
}

/* ---- The file ---- */

/* Returns why the file cannot be used, or NULL if it is a regular file, which then is locked. */
static const char *lock_file(int file)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0)
        return pool_strerror(-errno);
    if (!S_ISREG(status.st_mode))
        return "this is no regular file";
    if (fcntl(file, F_SETLK, &lock) == 0)
        return NULL;
    bool taken = errno == EACCES || errno == EAGAIN;
    return taken ? "another search is writing it" : pool_strerror(-errno);
}

static FILE *open_file(struct reader *reader, const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, (mode_t)0666);
    const char *why = lock_file(file);
    FILE *stream = why ? NULL : fdopen(file, "a+");
    if (!stream)
        refuse(reader, "%s", why ? why : pool_strerror(-errno));
    if (!stream && file >= 0)
        close(file);
    return stream;
}

int journal_open(struct journal *journal, const char *path, struct rounds *rounds, char *problem,
                 size_t size)
{
    struct reader reader = {.problem = problem, .problem_size = size};
    *journal = (struct journal){0};
    reader.stream = open_file(&reader, path);
    if (!reader.stream)
        return -1;
    rewind(reader.stream);
    int code = read_journal(&reader, rounds);
    free(reader.line);
    journal->stream = reader.stream;
    if (code < 0)
        journal_close(journal);
    return code;
}

int journal_add(struct journal *journal, const struct result *result)
{
    char line[LINE_ROOM];
    format_result(result, line, sizeof line);
    return append(journal->stream, line);
}

void journal_close(struct journal *journal)
{
    if (journal->stream)
        fclose(journal->stream);
    *journal = (struct journal){0};
}
