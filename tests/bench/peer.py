"""What bench.c measures, done by Python's multiprocessing.Pool.

Started by the bench as: peer.py PROCESSES KERNEL, where KERNEL is the module with the bench's own
C functions. Answers every line on standard input with a line: a number, or what went wrong.
"""

import ctypes
import functools
import multiprocessing
import operator
import os
import statistics
import sys
import time

FORK = multiprocessing.get_context("fork")
BLOB = 1 << 20
FLIP = bytes(i ^ 0x5A for i in range(256))
MASK = (1 << 64) - 1
PROCESSES = int(sys.argv[1])
GATE = os.pipe()  # the pool's workers have it too

kernel = None


def invert(x):
    return x ^ MASK


def square(x):
    return x * x


def flip(blob):
    return blob.translate(FLIP)


def spin(steps):
    end = ctypes.c_uint64()
    kernel.kernel_spin(ctypes.byref(ctypes.c_uint64(steps)), ctypes.byref(end), None)
    return end.value


def require(right):
    if not right:
        raise ValueError("wrong results")


def trips(pool, count, idle):
    """Microseconds from pool.map of one item to its result."""
    times = []
    for i in range(int(count)):
        if float(idle):
            time.sleep(float(idle))
        start = time.perf_counter()
        results = pool.map(invert, [i])
        times.append(time.perf_counter() - start)
        require(results == [invert(i)])
    return statistics.median(times) * 1e6


def dispatch(pool, count):
    """Millions of tasks a second, in chunks of one."""
    items = range(int(count))
    start = time.perf_counter()
    results = pool.map(invert, items, chunksize=1)
    seconds = time.perf_counter() - start
    require(results == [invert(i) for i in items])
    return len(items) / seconds / 1e6


def elements(pool, count):
    """Nanoseconds for an element."""
    items = [i / 3 for i in range(int(count))]
    start = time.perf_counter()
    results = pool.map(square, items)
    seconds = time.perf_counter() - start
    require(results == [x * x for x in items])
    return seconds * 1e9 / len(items)


def blobs(pool, count):
    """Millions of bytes a second, in and out together."""
    items = [bytes([i % 256]) * BLOB for i in range(int(count))]
    start = time.perf_counter()
    results = pool.map(flip, items)
    seconds = time.perf_counter() - start
    require(results == [flip(blob) for blob in items])
    return 2 * len(items) * BLOB / 1e6 / seconds


def spins(pool, *steps):
    """Seconds, and all results combined."""
    items = [int(text) for text in steps]
    start = time.perf_counter()
    results = pool.map(spin, items)
    seconds = time.perf_counter() - start
    return f"{seconds} {functools.reduce(operator.xor, results)}"


def life(_, processes):
    """Milliseconds of a pool that is used once."""
    times = []
    for _ in range(5 if int(processes) <= 2 else 1):
        start = time.perf_counter()
        pool = FORK.Pool(int(processes))
        results = pool.map(invert, range(int(processes)))
        pool.close()
        pool.join()
        times.append(time.perf_counter() - start)
        require(results == [invert(i) for i in range(int(processes))])
    return statistics.median(times) * 1e3


def memory(pool):
    """KiB of private memory of an idle worker."""
    pool.map(invert, range(1024))
    time.sleep(0.02)
    return statistics.median(private(process.pid) for process in FORK.active_children())


def private(pid):
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        return sum(int(line.split()[1]) for line in rollup
                   if line.startswith(("Private_Dirty:", "Private_Clean:")))


def hold():
    os.read(GATE[0], 1)


def outstanding(pool, count, workers, part):
    """Microseconds to submit a call, to get its result, or both; workers are held at a gate or not."""
    gates = [pool.apply_async(hold) for _ in range(PROCESSES)] if workers == "held" else []
    start = time.perf_counter()
    results = [pool.apply_async(invert, (i,)) for i in range(int(count))]
    submitted = time.perf_counter()
    os.write(GATE[1], bytes(len(gates)))
    values = [result.get() for result in results]
    end = time.perf_counter()
    for gate in gates:
        gate.get()
    require(values == [invert(i) for i in range(int(count))])
    seconds = {"submit": submitted - start, "end": end - submitted, "both": end - start}
    return seconds[part] * 1e6 / int(count)


COMMANDS = {
    "trips": trips,
    "dispatch": dispatch,
    "elements": elements,
    "blobs": blobs,
    "spin": spins,
    "life": life,
    "memory": memory,
    "outstanding": outstanding,
}


def main():
    global kernel
    kernel = ctypes.CDLL(sys.argv[2])
    with FORK.Pool(PROCESSES) as pool:
        print("ready", flush=True)
        for line in sys.stdin:
            command, *arguments = line.split()
            if command == "quit":
                break
            try:
                print(COMMANDS[command](pool, *arguments), flush=True)
            except Exception as problem:
                print("failed:", problem, flush=True)


main()
