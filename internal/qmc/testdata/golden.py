"""Golden points and reference statistics from SciPy (1.17.1 was used).

Run in this folder:  python golden.py     writes sobol.json, halton.json, spread.json
"""
import json
import os

import numpy as np
from scipy.stats import qmc

here = os.path.dirname(os.path.abspath(__file__))


def write(name, obj):
    with open(os.path.join(here, name), "w") as f:
        json.dump(obj, f, separators=(",", ":"))
        f.write("\n")


def point(engine, index):
    engine.reset()
    if index:
        engine.fast_forward(index)
    return engine.random(1)[0]


# The first 64 points in 8 dimensions, and three far points in all 1111. The
# Gray codes of 699050 and 349525 have twenty and nineteen ones.
sobol = {"first": qmc.Sobol(8, scramble=False).random(64).tolist(), "far": {}}
wide = qmc.Sobol(1111, scramble=False)
for index in (1, 349525, 699050):
    sobol["far"][index] = [int(x * 2**30) for x in point(wide, index)]
write("sobol.json", sobol)

halton = {"first": qmc.Halton(8, scramble=False).random(64).tolist(), "far": {}}
wide = qmc.Halton(200, scramble=False)
for index in (1, 1000, 699050):
    halton["far"][index] = point(wide, index).tolist()
write("halton.json", halton)


# Spread of scrambled sequences: the squared L2 star discrepancy and the squared
# integration error of two published functions, mean and standard deviation over
# seeds.
def gfunction(x):
    """Saltelli and Sobol', Mat. Model. 7(11), 1995: integral 1."""
    a = np.arange(1, x.shape[1] + 1)
    return np.prod((np.abs(4 * x - 2) + a) / (1 + a), axis=1)


def oscillatory(x):
    """Genz, 1984, family 1, with w = 0.3 and c_j = 9/d."""
    return np.cos(2 * np.pi * 0.3 + (9 / x.shape[1]) * x.sum(axis=1))


def oscillatory_integral(d):
    c = 9 / d
    return (np.exp(2j * np.pi * 0.3) * ((np.exp(1j * c) - 1) / (1j * c)) ** d).real


SEEDS = 400
rows = []
for engine in ("Sobol", "Halton"):
    for d in (2, 5, 10):
        for k in (4, 6, 8):
            stats = {"discrepancy": [], "gfunction": [], "oscillatory": []}
            for seed in range(SEEDS):
                x = getattr(qmc, engine)(d, scramble=True, rng=np.random.default_rng([seed, d, k])).random(2**k)
                stats["discrepancy"].append(qmc.discrepancy(x, method="L2-star") ** 2)
                stats["gfunction"].append((gfunction(x).mean() - 1) ** 2)
                stats["oscillatory"].append((oscillatory(x).mean() - oscillatory_integral(d)) ** 2)
            row = {"engine": engine, "d": d, "n": 2**k, "seeds": SEEDS}
            for name, v in stats.items():
                row[name] = [float(np.mean(v)), float(np.std(v, ddof=1))]
            rows.append(row)
write("spread.json", rows)
