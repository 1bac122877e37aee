"""Transforms by SciPy and NumPy, written to warps.json. Run: python make.py"""
import json
import numpy as np
from scipy import stats


def half_rank(y):  # arXiv:2408.11527, section 4.1, with mid-ranks
    m = np.median(y)
    s = np.sqrt(np.mean((y[y <= m] - m) ** 2))
    return np.where(y <= m, y, m + s * stats.norm.ppf((stats.rankdata(y) - 0.5) / len(y)))


rng = np.random.default_rng(7)
out = []
for y in [rng.normal(size=40), np.exp(rng.normal(size=60)), -np.exp(rng.normal(size=25)), rng.gamma(0.5, size=200) ** 3,
          np.round(rng.exponential(size=50), 1), rng.standard_t(2, size=80), np.array([3.0, 1, 2]), rng.uniform(size=15)]:
    z = (y - y.mean()) / y.std()
    t, lam = stats.yeojohnson(z)
    out.append(dict(y=y.tolist(), half=half_rank(y).tolist(), standard=z.tolist(), lam=float(lam), loglik=float(stats.yeojohnson_llf(lam, z)),
                    at={str(l): stats.yeojohnson(z, l).tolist() for l in (-1.5, 0.0, 0.7, 1.0, 2.0, 3.2)}))
json.dump(out, open("warps.json", "w"))
