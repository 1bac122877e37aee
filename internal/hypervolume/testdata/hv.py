"""Writes hypervolume.json: volumes, ranks and subsets of Optuna. pip install "optuna>=5"; python hv.py > hypervolume.json"""
import json
import numpy as np
from optuna._hypervolume import compute_hypervolume
from optuna._hypervolume.hssp import _solve_hssp
from optuna.study._multi_objective import _fast_non_domination_rank

rng = np.random.default_rng(3)
out = []
for m in (2, 3, 4, 5):
    for n in (1, 2, 5, 12, 30):
        for grid in (False, True):
            p = rng.integers(0, 6, (n, m)).astype(float) if grid else rng.normal(size=(n, m))
            ref = np.maximum(1.1 * p.max(0), 0.9 * p.max(0))
            ref[ref == 0] = 1e-12
            k = max(1, n // 3)
            out.append(dict(points=p.tolist(), ref=ref.tolist(), volume=compute_hypervolume(p, ref), ranks=_fast_non_domination_rank(p).tolist(),
                            k=k, subset=_solve_hssp(p, np.arange(n), k, ref).tolist()))
print(json.dumps(out))
