/* The fuzz target, without the fuzzer, on every input of its corpus: what was found once is tried in
 * every run. POOL_TEST_CORPUS: another folder of inputs. */
#include "fuzz/fuzz_reader.c"

#include <dirent.h>

/* The corpus lies where this file does, but for the folder. */
static const char *corpus_folder(void)
{
    static char folder[4096];
    const char *other = getenv("POOL_TEST_CORPUS"), *file = __FILE__;
    const char *slash = strrchr(file, '/');
    int length = slash ? (int)(slash - file) : 0;
    snprintf(folder, sizeof folder, "%.*s%s../fuzz/corpus", length, file, slash ? "/" : "");
    return other ? other : folder;
}

/* Returns 0 for what is no file. */
static size_t try_input(const char *folder, const char *name)
{
    static uint8_t input[1 << 16];
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (name[0] == '.')
        return 0;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(input, 1, sizeof input, file);
    assert_true(size < sizeof input && !ferror(file));
    fclose(file);
    LLVMFuzzerTestOneInput(input, size);
    return 1;
}

static void all_inputs_of_the_corpus_hold(void **test)
{
    (void)test;
    const char *name = corpus_folder();
    size_t count = 0;
    DIR *folder = opendir(name);
    if (!folder) {
        fail_msg("no folder %s", name);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += try_input(name, entry->d_name);
    closedir(folder);
    assert_true(count >= 20);
}

/* The target can tell: its frames are those of the writer. */
static void a_valid_input_is_taken(void **test)
{
    (void)test;
    uint64_t text[] = {3, 0x6968};
    const struct fuzz_reading reading = {&flat_kinds[1], FLAT_OWNED, 0};
    struct flat_frame frame = flat_frame_of(text, 11), packed = {NULL, 0};
    assert_ptr_equal(flat_kinds[1].type, &pool_type_text);
    assert_true(fuzz_pass(&reading, frame, &packed));
    assert_int_equal(packed.size, 11);
    assert_memory_equal(packed.bytes, text, 11);
    flat_frame_free(&packed);
    frame.size--;
    assert_false(fuzz_pass(&reading, frame, &packed));
    flat_frame_free(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_inputs_of_the_corpus_hold),
        cmocka_unit_test(a_valid_input_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
