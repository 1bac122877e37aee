"""p-values of scipy.stats.wilcoxon (SciPy 1.17.1 was used), zero_method "zsplit".

Run in this folder:  python golden.py     writes golden.json
"""
import json
import os

import numpy as np
from scipy.stats import wilcoxon

rng = np.random.default_rng(7)
rows = []


def add(d):
    d = [float(x) for x in d]
    row = {"d": d}
    for alternative in ("greater", "less"):
        row[alternative] = float(wilcoxon(d, alternative=alternative, zero_method="zsplit").pvalue)
    rows.append(row)


add([1])
add([-1])
add([0, 0])
add([1, 1])
add([1, -1])
add([1, 0])
add([2, 1, 0, -1, 0.5])
add([125, 115, 130, 140, 140, 115, 140, 125, 140, 135] - np.array([110, 122, 125, 120, 140, 124, 123, 137, 135, 145]))
for n in (2, 3, 5, 8, 12, 13, 14, 20, 30, 49, 50, 51, 80, 200):
    for shift in (0, 0.3, -0.8):
        x = rng.normal(shift, 1, n)
        add(np.round(x, 6))  # no ties
        add(np.round(x, 1))  # ties and some zeros
        add(np.round(x))     # many of both
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as f:
    json.dump(rows, f, separators=(",", ":"))
    f.write("\n")
