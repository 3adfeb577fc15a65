/* Runs in the host, which takes the image and asks it, and in workers, which ask it. A function's
 * address means the same in a worker only if the function's library was loaded before the pool was
 * made, and is the one that is loaded there now. A function made at run time, such as a nested
 * function of GCC or one of a just-in-time compiler, belongs to no library, so the image does not
 * have it.
 *
 * The loader counts the libraries that it has unloaded. While that number stands still, the image is
 * what is loaded. When it has grown, a library is known by its address and its build ID; one without
 * a build ID by its file, which must not have changed since the image was taken. */
#include "common/image.h"

#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A library of the image. */
struct pool__library {
    uintptr_t base;
    bool program; /* the program itself, which is never unloaded */
    uint64_t build_id;
    struct stat file;
    /* It was there when the loader had unloaded so many libraries. */
    _Atomic unsigned long long unloaded;
};

/* ---- What tells one library from another ---- */

/* The segment that is loaded and has these bytes in it; NULL: none. */
static const ElfW(Phdr) * loaded(const struct dl_phdr_info *info, uintptr_t address, size_t size)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t low = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && address >= low && size <= segment->p_memsz &&
            address - low <= segment->p_memsz - size)
            return segment;
    }
    return NULL;
}

/* A number made of the build ID among these notes; 0: it is not there. */
static uint64_t find_build_id(const unsigned char *notes, size_t size, size_t alignment)
{
    ElfW(Nhdr) note;
    for (size_t at = 0; size - at >= sizeof note;) {
        memcpy(&note, notes + at, sizeof note);
        size_t name = at + sizeof note;
        size_t text = (name + note.n_namesz + alignment - 1) / alignment * alignment;
        size_t next = (text + note.n_descsz + alignment - 1) / alignment * alignment;
        if (text + note.n_descsz > size)
            return 0;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof "GNU" &&
            memcmp(notes + name, "GNU", sizeof "GNU") == 0) {
            uint64_t id = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
            for (size_t i = 0; i < note.n_descsz; i++)
                id = (id ^ notes[text + i]) * UINT64_C(0x100000001b3);
            return id | 1;
        }
        if (next > size)
            return 0;
        at = next;
    }
    return 0;
}

static uint64_t build_id(const struct dl_phdr_info *info)
{
    uint64_t id = 0;
    for (int i = 0; i < info->dlpi_phnum && id == 0; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t low = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_NOTE && loaded(info, low, segment->p_memsz))
            id = find_build_id((const unsigned char *)low, segment->p_memsz,
                               segment->p_align == 8 ? 8 : 4);
    }
    return id;
}

/* The file that the library would be loaded from; zeroed if there is none. */
static struct stat file_of(const struct dl_phdr_info *info)
{
    struct stat file;
    if (!info->dlpi_name || stat(info->dlpi_name, &file) < 0)
        memset(&file, 0, sizeof file);
    return file;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino != 0 && a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
           a->st_size == b->st_size && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
           a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Whether this library, loaded now, is the one that was in the image. */
static bool is_same(const struct pool__library *library, const struct dl_phdr_info *info)
{
    if (library->base != info->dlpi_addr)
        return false;
    uint64_t id = build_id(info);
    if (id != 0 || library->build_id != 0)
        return id == library->build_id;
    struct stat file = file_of(info);
    return is_same_file(&file, &library->file);
}

/* ---- Taking it ---- */

static int add_segments(struct pool__image *image, const struct dl_phdr_info *info)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD)
            continue;
        struct pool__segment *grown = realloc(image->segments, (image->count + 1) * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        uintptr_t low = info->dlpi_addr + segment->p_vaddr;
        image->segments = grown;
        image->segments[image->count++] = (struct pool__segment){
            low, low + segment->p_memsz, (segment->p_flags & PF_X) != 0, image->library_count};
    }
    return 0;
}

static int add_library(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct pool__image *image = argument;
    (void)size;
    struct pool__library *grown =
        realloc(image->libraries, (image->library_count + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    image->libraries = grown;
    struct pool__library *library = &image->libraries[image->library_count];
    *library = (struct pool__library){
        .base = info->dlpi_addr, .program = image->library_count == 0, .build_id = build_id(info)};
    if (library->build_id == 0)
        library->file = file_of(info);
    atomic_init(&library->unloaded, info->dlpi_subs);
    int error = add_segments(image, info);
    image->library_count++;
    return error;
}

int pool__image_take(struct pool__image *image)
{
    *image = (struct pool__image){0};
    int error = dl_iterate_phdr(add_library, image);
    if (error)
        pool__image_fini(image);
    return error;
}

void pool__image_fini(struct pool__image *image)
{
    free(image->segments);
    free(image->libraries);
    *image = (struct pool__image){0};
}

/* ---- Asking it ---- */

static const struct pool__segment *find(const struct pool__image *image, uintptr_t address)
{
    for (size_t i = 0; i < image->count; i++)
        if (address >= image->segments[i].low && address < image->segments[i].high)
            return &image->segments[i];
    return NULL;
}

bool pool__image_has(const struct pool__image *image, uintptr_t address)
{
    return find(image, address) != NULL;
}

bool pool__image_runs(const struct pool__image *image, uintptr_t address)
{
    const struct pool__segment *segment = find(image, address);
    return segment && segment->code;
}

/* Whether the library at an address is the one of the image. */
struct question {
    struct pool__library *library;
    uintptr_t address;
    bool answer;
};

static int answer(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct question *question = argument;
    struct pool__library *library = question->library;
    (void)size;
    question->answer = atomic_load(&library->unloaded) == info->dlpi_subs;
    if (question->answer)
        return 1;
    if (!loaded(info, question->address, 1))
        return 0;
    question->answer = is_same(library, info);
    if (question->answer)
        atomic_store(&library->unloaded, info->dlpi_subs);
    return 1;
}

bool pool__image_is_current(const struct pool__image *image, uintptr_t address)
{
    const struct pool__segment *segment = find(image, address);
    if (!segment)
        return false;
    if (image->libraries[segment->library].program)
        return true;
    struct question question = {&image->libraries[segment->library], address, false};
    dl_iterate_phdr(answer, &question);
    return question.answer;
}
