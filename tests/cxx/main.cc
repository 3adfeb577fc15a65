// The library from C++: all calls through plain functions. The macros of the headers are for C.
#include <uv.h>

#include "check.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

static int failures;

void check(bool holds, const char *what, const char *file, int line)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s:%d: %s\n", file, line, what);
    failures++;
}

namespace
{

// ---- Plain data, texts and blobs ----

int square(const void *item, void *result, pool_task_t *task)
{
    const double x = *static_cast<const double *>(item);
    if (x == 13)
        return pool_fail(task, EDOM, "%g is not to be squared", x);
    if (x == 31)
        std::raise(SIGKILL);
    *static_cast<double *>(result) = x * x;
    return 0;
}

void plain_data(pool_t *pool)
{
    std::vector<double> items, results(COUNT, -1);
    for (int i = 0; i < COUNT; i++)
        items.push_back(i);
    CHECK(pool_map(pool, square, in(items, &pool_type_plain), out(results, &pool_type_plain)) == 2);
    for (int i = 0; i < COUNT; i++)
        CHECK(results[std::size_t(i)] == (i == 13 || i == 31 ? -1 : i * i));

    const pool_error_t *errors;
    CHECK(pool_errors(pool, &errors) == 2);
    CHECK(errors[0].index == 13 && errors[0].kind == POOL_FAILED && errors[0].code == EDOM);
    CHECK(std::string(errors[0].message) == "13 is not to be squared");
    CHECK(std::string(errors[0].file) == __FILE__);
    CHECK(errors[1].index == 31 && errors[1].kind == POOL_CRASHED && errors[1].code == SIGKILL);
    char text[200];
    CHECK(pool_error_text(&errors[0], text, sizeof text) > 0);
    CHECK(std::strstr(text, "13 is not to be squared") != nullptr);
}

int negate(const void *item, void *result, pool_task_t *)
{
    *static_cast<int *>(result) = -*static_cast<const int *>(item);
    return 0;
}

void scattered_items(pool_t *pool)
{
    struct pair {
        int first, second;
    };
    const std::vector<pair> pairs = {{1, 2}, {3, 4}, {5, 6}};
    const std::vector<const int *> pointers = {&pairs[2].second, nullptr, &pairs[0].first};
    std::vector<int> results(3);
    const pool_in_t column = pool_in(&pairs[0].second, 3, sizeof(int), &pool_type_plain);
    CHECK(pool_map(pool, negate, pool_stride(column, sizeof(pair)),
                   out(results, &pool_type_plain)) == 0);
    CHECK(results == std::vector<int>({-2, -4, -6}));
    CHECK(pool_map(pool, negate, pool_gather(pointers.data(), 3, sizeof(int), &pool_type_plain),
                   out(results, &pool_type_plain)) == 1);
    CHECK(results == std::vector<int>({-6, -4, -1}));
}

void a_lambda_without_captures(pool_t *pool)
{
    const std::vector<int> items = {1, 2, 3};
    std::vector<int> results(3);
    const pool_function_t negate = [](const void *item, void *result, pool_task_t *) {
        *static_cast<int *>(result) = -*static_cast<const int *>(item);
        return 0;
    };
    pool_map_options_t options = pool_map_options_t();
    options.chunksize = 2;
    CHECK(pool_map_with(pool, negate, in(items, &pool_type_plain), out(results, &pool_type_plain),
                        &options) == 0);
    CHECK(results == std::vector<int>({-1, -2, -3}));
}

int reverse(const void *item, void *result, pool_task_t *task)
{
    const std::string text = *static_cast<char *const *>(item);
    const std::string reversed(text.rbegin(), text.rend());
    char *copy = static_cast<char *>(pool_task_alloc(task, reversed.size() + 1));
    if (!copy)
        return -ENOMEM;
    std::memcpy(copy, reversed.c_str(), reversed.size());
    *static_cast<char **>(result) = copy;
    return 0;
}

void texts(pool_t *pool)
{
    const std::vector<const char *> items = {"level", "", "stressed"};
    std::vector<char *> results(3);
    CHECK(pool_map(pool, reverse, in(items, &pool_type_const_text),
                   out(results, &pool_type_text)) == 0);
    CHECK(std::string(results[0]) == "level");
    CHECK(std::string(results[1]).empty());
    CHECK(std::string(results[2]) == "desserts");
    pool_release(&pool_type_text, results.data(), results.size());
    CHECK(results[0] == nullptr);
}

int double_bytes(const void *item, void *result, pool_task_t *task)
{
    const pool_bytes_t *from = static_cast<const pool_bytes_t *>(item);
    pool_bytes_t *to = static_cast<pool_bytes_t *>(result);
    to->data = pool_task_alloc(task, 2 * from->size + 1);
    to->size = 2 * from->size;
    if (!to->data)
        return -ENOMEM;
    std::memcpy(to->data, from->data, from->size);
    std::memcpy(static_cast<char *>(to->data) + from->size, from->data, from->size);
    return 0;
}

void blobs(pool_t *pool)
{
    char data[] = "ab\0c";
    const std::vector<pool_bytes_t> items = {{data, 4}, {data + 1, 3}};
    std::vector<pool_bytes_t> results(2);
    CHECK(pool_map(pool, double_bytes, in(items, &pool_type_bytes),
                   out(results, &pool_type_bytes)) == 0);
    CHECK(results[0].size == 8 && std::memcmp(results[0].data, "ab\0cab\0c", 8) == 0);
    CHECK(results[1].size == 6 && std::memcmp(results[1].data, "b\0cb\0c", 6) == 0);
    pool_release(&pool_type_bytes, results.data(), results.size());
}

// ---- Shared arrays, mistakes, exceptions ----

void shared_arrays(pool_t *pool)
{
    double *numbers = static_cast<double *>(pool_shared_alloc(pool, COUNT, sizeof(double)));
    CHECK(numbers != nullptr);
    for (int i = 0; i < 10; i++)
        numbers[i] = i;
    CHECK(pool_map(pool, square, pool_in(numbers, 10, sizeof(double), &pool_type_plain),
                   pool_out(numbers, sizeof(double), &pool_type_plain)) == 0);
    for (int i = 0; i < 10; i++)
        CHECK(numbers[i] == i * i);
    pool_shared_free(pool, numbers);
}

void mistakes_have_codes(pool_t *pool)
{
    const std::vector<double> items(3);
    const pool_type_t on_stack = pool_type_plain;
    const pool_in_t plain = in(items, &pool_type_plain);
    CHECK(pool_map(nullptr, square, plain, POOL_NONE) == POOL_ENOPOOL);
    CHECK(pool_map(pool, nullptr, plain, POOL_NONE) == POOL_ENOFUNCTION);
    uv_loop_t *const no_loop = nullptr;
    CHECK(pool_attach(nullptr, no_loop) == POOL_ENOPOOL);
    CHECK(pool_attach(pool, no_loop) == 0);
    CHECK(pool_map(pool, square, in(items, &on_stack), POOL_NONE) == POOL_ETYPE);
    CHECK(pool_map(pool, square, in(items, &pool_type_bytes), POOL_NONE) == POOL_ETYPE);
    CHECK(pool_map(pool, square, in(items, nullptr), POOL_NONE) == POOL_ETYPE);
    CHECK(pool_starmap(pool, nullptr, items.data(), 3, nullptr) == POOL_ENOFUNCTION);
    CHECK(std::string(pool_error_name(POOL_ETYPE)) == "POOL_ETYPE");
    CHECK(std::strlen(pool_strerror(-ENOMEM)) > 0);
}

int throw_at_5(const void *item, void *result, pool_task_t *)
{
    const int number = *static_cast<const int *>(item);
    if (number == 5)
        throw std::runtime_error("thrown on purpose");
    *static_cast<int *>(result) = number + 1;
    return 0;
}

int pack_fussily(const void *value, pool_writer_t *writer)
{
    const int number = *static_cast<const int *>(value);
    if (number == 5)
        throw std::runtime_error("thrown on purpose");
    return pool_write_u64(writer, std::uint64_t(number));
}

int unpack_fussily(void *value, pool_reader_t *reader)
{
    std::uint64_t number = 0;
    const int error = pool_read_u64(reader, &number);
    if (number == 6)
        throw std::runtime_error("thrown on purpose");
    *static_cast<int *>(value) = int(number);
    return error;
}

const pool_type_t fussy_type = {"fussy", POOL_KIND_CUSTOM, sizeof(int),    false,  nullptr,
                                0,       pack_fussily,     unpack_fussily, nullptr};

// The worker's stack lies on a copy of the host's, as that of the copy in which items are packed does:
// a handler there must not catch it.
void check_thrown(pool_t *pool, const pool_type_t *type, pool_function_t function,
                  const std::vector<int> &thrown)
{
    std::vector<int> items, results(10, -1);
    for (int i = 0; i < 10; i++)
        items.push_back(i);
    const pool_error_t *errors = nullptr;
    const std::size_t count = thrown.size();
    CHECK(pool_map(pool, function, in(items, type), out(results, &pool_type_plain)) == int(count));
    CHECK(pool_errors(pool, &errors) == count);
    for (std::size_t i = 0; i < count; i++) {
        CHECK(errors[i].index == std::size_t(thrown[i]));
        CHECK(errors[i].kind == POOL_CRASHED && errors[i].code == SIGABRT);
        results[errors[i].index]++;
    }
    for (int i = 0; i < 10; i++)
        CHECK(results[std::size_t(i)] == (i == thrown[0] || i == thrown[count - 1] ? 0 : i + 1));
}

int increment(const void *item, void *result, pool_task_t *)
{
    *static_cast<int *>(result) = *static_cast<const int *>(item) + 1;
    return 0;
}

void exceptions_cost_their_items(pool_t *pool)
{
    check_thrown(pool, &pool_type_plain, throw_at_5, {5});
    check_thrown(pool, &fussy_type, increment, {5, 6});
}

void run_all()
{
    pool_t *pool = nullptr;
    pool_options_t options = pool_options_t();
    options.processes = 2;
    CHECK(pool_create(&pool, &options) == 0);
    plain_data(pool);
    scattered_items(pool);
    a_lambda_without_captures(pool);
    texts(pool);
    blobs(pool);
    structs(pool);
    custom_types(pool);
    typed_functions(pool);
    shared_arrays(pool);
    mistakes_have_codes(pool);
    exceptions_cost_their_items(pool);
    CHECK(pool_close(pool) == 0);
    CHECK(pool_join(pool) == 0);
    pool_free(pool);
}

} // namespace

int main()
{
    try {
        run_all();
    } catch (const std::exception &error) {
        std::fprintf(stderr, "caught: %s\n", error.what());
        return 1;
    }
    return failures ? 1 : 0;
}
