"""Reference runs of the authors' own implementations (PyPI `cmaes` 0.13.1: CMAwM, CatCMA, CatCMAwM, CMA with lr_adapt) for the tests
of the margin, the categories and the adapted rates. Evaluations until the target 1e-8, -1 when the budget ran out first.

    python variants.py [RUNS] > variants.json
"""
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np
from cmaes import CMA, CMAwM, CatCMA, CatCMAwM

TARGET = 1e-8


def sphere(x): return float(np.dot(x, x))
def ellipsoid(x): return float(np.sum((1000 ** (np.arange(len(x)) / (len(x) - 1)) * x) ** 2))
def rastrigin(x): return float(10 * len(x) + np.sum(x * x - 10 * np.cos(2 * np.pi * x)))


def mixed_integer(f, cont, ints, budget, seed):
    """The first `cont` coordinates are continuous, the others integers in [-10, 10]; start in [1, 3], sigma 1."""
    n = cont + ints
    rng = np.random.RandomState(seed)
    bounds = np.array([[-np.inf, np.inf]] * cont + [[-10, 10]] * ints, dtype=float)
    steps = np.array([0] * cont + [1] * ints, dtype=float)
    o = CMAwM(mean=rng.uniform(1, 3, n), sigma=1.0, bounds=bounds, steps=steps, seed=seed)
    count = 0
    while count < budget:
        sol = []
        for _ in range(o.population_size):
            x, raw = o.ask()
            y = f(x)
            count += 1
            if y <= TARGET:
                return count
            sol.append((raw, y))
        o.tell(sol)
    return -1


def mixed_integer2(f, cont, ints, budget, seed):
    n = cont + ints
    rng = np.random.RandomState(seed)
    o = CatCMAwM(x_space=[[-np.inf, np.inf]] * cont, z_space=[list(range(-10, 11))] * ints, mean=rng.uniform(1, 3, n), sigma=1.0,
                 cov=np.eye(n), seed=seed)
    count = 0
    while count < budget:
        sol = []
        for _ in range(o.population_size):
            s = o.ask()
            y = f(np.concatenate([s.x, s.z]))
            count += 1
            if y <= TARGET:
                return count
            sol.append((s, y))
        o.tell(sol)
    return -1


def categorical(f, cont, cats, k, budget, seed):
    """f of `cont` continuous coordinates plus the number of `cats` variables that are not at category 0."""
    rng = np.random.RandomState(seed)
    o = CatCMA(mean=rng.uniform(1, 3, cont), sigma=1.0, cat_num=np.array([k] * cats), seed=seed)
    count = 0
    while count < budget:
        sol = []
        for _ in range(o.population_size):
            x, c = o.ask()
            y = f(x) + cats - float(c[:, 0].sum())
            count += 1
            if y <= TARGET:
                return count
            sol.append(((x, c), y))
        o.tell(sol)
    return -1


def adapted(f, n, start, sigma, budget, seed):
    """Learning rate adaptation with the usual population."""
    o = CMA(mean=np.full(n, float(start)), sigma=float(sigma), seed=seed, lr_adapt=True)
    count = 0
    while count < budget:
        sol = []
        for _ in range(o.population_size):
            x = o.ask()
            y = f(x)
            count += 1
            if y <= TARGET:
                return count
            sol.append((x, y))
        o.tell(sol)
    return -1


TASKS = [
    ("margin", "sphere", dict(cont=5, ints=5), 20000, lambda s, b: mixed_integer(sphere, 5, 5, b, s)),
    ("margin", "ellipsoid", dict(cont=5, ints=5), 40000, lambda s, b: mixed_integer(ellipsoid, 5, 5, b, s)),
    ("margin", "ellipsoid", dict(cont=10, ints=10), 80000, lambda s, b: mixed_integer(ellipsoid, 10, 10, b, s)),
    ("catcmawm", "sphere", dict(cont=5, ints=5), 20000, lambda s, b: mixed_integer2(sphere, 5, 5, b, s)),
    ("catcmawm", "ellipsoid", dict(cont=5, ints=5), 40000, lambda s, b: mixed_integer2(ellipsoid, 5, 5, b, s)),
    ("catcmawm", "ellipsoid", dict(cont=10, ints=10), 80000, lambda s, b: mixed_integer2(ellipsoid, 10, 10, b, s)),
    ("categorical", "sphere", dict(cont=5, cats=5, k=5), 20000, lambda s, b: categorical(sphere, 5, 5, 5, b, s)),
    ("categorical", "ellipsoid", dict(cont=5, cats=5, k=5), 40000, lambda s, b: categorical(ellipsoid, 5, 5, 5, b, s)),
    ("rates", "sphere", dict(n=10, start=3, sigma=2), 100000, lambda s, b: adapted(sphere, 10, 3, 2, b, s)),
    ("rates", "rastrigin", dict(n=10, start=3, sigma=2), 1000000, lambda s, b: adapted(rastrigin, 10, 3, 2, b, s)),
]

if __name__ == "__main__":
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    out = []
    for kind, name, size, budget, run in TASKS:
        e = [run(s, budget) for s in range(1, (7 if kind == "rates" else runs) + 1)]
        ok = [v for v in e if v > 0]
        out.append(dict(kind=kind, function=name, size=size, budget=budget, runs=len(e), successes=len(ok),
                        median=float(np.median(ok)) if ok else None))
        print(out[-1], file=sys.stderr, flush=True)
    json.dump(out, sys.stdout, indent=1)
    print()
