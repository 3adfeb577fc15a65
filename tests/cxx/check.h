// What the C++ tests share.
#ifndef CXX_CHECK_H
#define CXX_CHECK_H

#include <procpool.h>

#include <cstddef>
#include <vector>

// Says on stderr what does not hold, and lets the program fail.
void check(bool holds, const char *what, const char *file, int line);
#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)

enum { COUNT = 100 };

// The elements of a vector as items, and as the places of results.
template <typename T> pool_in_t in(const std::vector<T> &items, const pool_type_t *type)
{
    return pool_in(items.data(), items.size(), sizeof(T), type);
}

template <typename T> pool_out_t out(std::vector<T> &results, const pool_type_t *type)
{
    return pool_out(results.data(), sizeof(T), type);
}

// types.cc
void structs(pool_t *pool);
void custom_types(pool_t *pool);
void typed_functions(pool_t *pool);

#endif
