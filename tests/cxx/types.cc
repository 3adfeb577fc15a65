// Types, and a typed function, written by hand as static objects.
#include "check.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include <uv.h> // after the library's header; in main.cc before it

namespace
{

// ---- A struct by a table ----

struct point {
    double x, y;
};

struct shape {
    char *name;
    unsigned short count;
    point *points;
    char *tags[2];
};

const pool_field_t shape_fields[] = {
    {"name", &pool_type_text, offsetof(shape, name), sizeof(char *), 1, 0, 0, false, false},
    {"points", &pool_type_plain, offsetof(shape, points), sizeof(point), 0, offsetof(shape, count),
     sizeof(unsigned short), false, false},
    {"tags", &pool_type_text, offsetof(shape, tags), sizeof(char *), 2, 0, 0, false, false},
};
const pool_type_t shape_type = {"shape", POOL_KIND_STRUCT, sizeof(shape), false,  shape_fields,
                                3,       nullptr,          nullptr,       nullptr};

int move(const void *item, void *result, pool_task_t *task)
{
    const shape *from = static_cast<const shape *>(item);
    shape *to = static_cast<shape *>(result);
    const std::size_t size = from->count * sizeof(point);
    *to = *from; // the texts are the item's
    to->points = static_cast<point *>(pool_task_alloc(task, size));
    for (unsigned i = 0; i < from->count; i++)
        to->points[i] = {from->points[i].x + 1, from->points[i].y - 1};
    return 0;
}

} // namespace

void structs(pool_t *pool)
{
    char name[] = "triangle", tag[] = "red";
    point points[] = {{0, 0}, {1, 0}, {0, 1}};
    std::vector<shape> items(COUNT, shape{name, 3, points, {tag, nullptr}}), results(COUNT);
    items[7].count = 0;
    CHECK(pool_map(pool, move, in(items, &shape_type), out(results, &shape_type)) == 0);
    for (std::size_t i = 0; i < COUNT; i++) {
        CHECK(std::string(results[i].name) == name && std::string(results[i].tags[0]) == tag);
        CHECK(results[i].tags[1] == nullptr);
        CHECK(results[i].count == (i == 7 ? 0 : 3));
        CHECK(i == 7 ? !results[i].points : results[i].points[1].x == 2);
    }
    pool_release(&shape_type, results.data(), results.size());
}

// ---- A custom type: a tree ----

namespace
{

struct tree {
    int value;
    tree *branches[2];
};

extern const pool_type_t tree_type;

int pack_tree(const void *value, pool_writer_t *writer)
{
    const tree *self = static_cast<const tree *>(value);
    int error = pool_write_u64(writer, std::uint64_t(self->value));
    for (int i = 0; i < 2 && !error; i++) {
        error = pool_write_u64(writer, self->branches[i] != nullptr);
        if (!error && self->branches[i])
            error = pool_write_value(writer, &tree_type, self->branches[i]);
    }
    return error;
}

int unpack_tree(void *value, pool_reader_t *reader)
{
    tree *self = static_cast<tree *>(value);
    std::uint64_t number;
    int error = pool_read_u64(reader, &number);
    self->value = error ? 0 : int(number);
    for (int i = 0; i < 2 && !error; i++) {
        error = pool_read_u64(reader, &number);
        if (error || !number)
            continue;
        self->branches[i] = static_cast<tree *>(pool_read_alloc(reader, sizeof(tree)));
        error =
            self->branches[i] ? pool_read_value(reader, &tree_type, self->branches[i]) : -ENOMEM;
    }
    return error;
}

void release_tree(void *value)
{
    tree *self = static_cast<tree *>(value);
    for (tree *branch : self->branches) {
        if (branch)
            release_tree(branch);
        std::free(branch);
    }
}

const pool_type_t tree_type = {"tree", POOL_KIND_CUSTOM, sizeof(tree), false,       nullptr,
                               0,      pack_tree,        unpack_tree,  release_tree};

tree *grow(int depth)
{
    tree *made = static_cast<tree *>(std::calloc(1, sizeof(tree)));
    if (!made)
        std::abort();
    made->value = depth;
    for (int i = 0; i < 2 && depth > i; i++)
        made->branches[i] = grow(depth - 1 - i);
    return made;
}

int sum_of(const tree *self)
{
    int sum = self->value;
    for (const tree *branch : self->branches)
        sum += branch ? sum_of(branch) : 0;
    return sum;
}

// From the sum of a tree to a tree as high as that sum's last digit.
int regrow(const void *item, void *result, pool_task_t *)
{
    tree *made = grow(sum_of(static_cast<const tree *>(item)) % 10);
    *static_cast<tree *>(result) = *made; // its branches are the pool's now
    std::free(made);
    return 0;
}

} // namespace

void custom_types(pool_t *pool)
{
    std::vector<tree> items, results(10);
    for (int depth = 0; depth < 10; depth++) {
        tree *made = grow(depth);
        items.push_back(*made);
        std::free(made);
    }
    CHECK(pool_map(pool, regrow, in(items, &tree_type), out(results, &tree_type)) == 0);
    for (std::size_t i = 0; i < 10; i++) {
        tree *expected = grow(sum_of(&items[i]) % 10);
        CHECK(sum_of(&results[i]) == sum_of(expected));
        pool_release(&tree_type, expected, 1);
        std::free(expected);
    }
    pool_release(&tree_type, items.data(), items.size());
    pool_release(&tree_type, results.data(), results.size());
}

// ---- A typed function by hand ----

namespace
{

struct repeat_args {
    const char *text;
    int times;
};

char *repeat(const char *text, int times)
{
    std::string repeated;
    for (int i = 0; i < times; i++)
        repeated += text;
    char *copy = static_cast<char *>(std::malloc(repeated.size() + 1)); // the pool frees it
    if (copy)
        std::memcpy(copy, repeated.c_str(), repeated.size() + 1);
    return copy;
}

int call_repeat(const void *item, void *result, pool_task_t *)
{
    const repeat_args *args = static_cast<const repeat_args *>(item);
    *static_cast<char **>(result) = repeat(args->text, args->times);
    return 0;
}

const pool_field_t repeat_fields[] = {
    {"text", &pool_type_const_text, offsetof(repeat_args, text), sizeof(char *), 1, 0, 0, false,
     false},
    {"times", &pool_type_plain, offsetof(repeat_args, times), sizeof(int), 1, 0, 0, false, false},
};
const pool_type_t repeat_args_type = {"repeat_args", POOL_KIND_STRUCT, sizeof(repeat_args),
                                      false,         repeat_fields,    2,
                                      nullptr,       nullptr,          nullptr};
const pool_callable_t repeat_function = {POOL_CALLABLE,     "repeat",        call_repeat,
                                         &repeat_args_type, &pool_type_text, sizeof(char *)};

void check_repeated(std::vector<char *> &results)
{
    for (std::size_t i = 0; i < results.size(); i++) {
        CHECK(std::strlen(results[i]) == 2 * i);
        CHECK(i == 0 || std::strncmp(results[i], "ab", 2) == 0);
    }
    pool_release(&pool_type_text, results.data(), results.size());
}

} // namespace

void typed_functions(pool_t *pool)
{
    std::vector<repeat_args> rows;
    std::vector<char *> results(COUNT);
    for (int i = 0; i < COUNT; i++)
        rows.push_back(repeat_args{"ab", i});
    pool_map_options_t options = pool_map_options_t();
    options.chunksize = 7;
    CHECK(pool_starmap(pool, &repeat_function, rows.data(), COUNT, results.data()) == 0);
    check_repeated(results);
    CHECK(pool_starmap_with(pool, &repeat_function, rows.data(), COUNT, results.data(), &options) ==
          0);
    check_repeated(results);
    CHECK(pool_map_callable(pool, &repeat_function, in(rows, &repeat_args_type),
                            out(results, &pool_type_text)) == 0);
    check_repeated(results);
}
