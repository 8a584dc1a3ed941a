"""LAPACK's best times for what bench/factor.mjs measures, with NumPy's, on one thread and in 512-bit vectors:

OPENBLAS_NUM_THREADS=1 OPENBLAS_CORETYPE=SkylakeX python3 bench/lapack.py
"""

import time

import numpy


def milliseconds(task, rounds):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        task()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


lapack = numpy.show_config("dicts")["Build Dependencies"]["lapack"]
print("NumPy", numpy.__version__, lapack["name"], lapack["version"])
for n in (337, 1000, 1507, 2000):
    random = numpy.random.default_rng(n).standard_normal((n, n))
    symmetric = (random + random.T) / 2
    definite = symmetric @ symmetric / n + numpy.eye(n)
    rounds = 15 if n < 1000 else 5
    figures = {
        "Cholesky": lambda: numpy.linalg.cholesky(definite),
        "eigenvalues": lambda: numpy.linalg.eigvalsh(symmetric),
        "eigenvalues and vectors": lambda: numpy.linalg.eigh(symmetric),
    }
    for name, task in figures.items():
        print(n, name, f"{milliseconds(task, rounds):.1f} ms")
