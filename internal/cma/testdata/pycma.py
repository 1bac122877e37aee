"""Strategy parameters and reference runs of pycma (PyPI `cma` 4.5.0) for TestRates and TestAgainstPycma.

10 dimensions, bounds +-100, active update, no restarts, target 1e-8; the start is uniform in [-5,5]^10, sigma0 2.
For each task: seed r = 1..200 -> evaluations until the target was first reached, or -1 when the run stopped short of it.

    python pycma.py [RUNS] > pycma.json
"""
import json, math, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np, cma

N = 10
W = 10.0 ** (6 * np.arange(N) / (N - 1))
F = dict(
    sphere=lambda x: float(np.dot(x, x)),
    ellipsoid=lambda x: float(np.dot(W, x * x)),
    rosenbrock=lambda x: float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)),
    rastrigin=lambda x: float(10 * N + np.sum(x * x - 10 * np.cos(2 * np.pi * x))),
)
TASKS = [("sphere", 10), ("ellipsoid", 10), ("rosenbrock", 10), ("rastrigin", 60), ("rastrigin", 120)]
MAXEVALS = 100000


def run(f, popsize, seed):
    x0 = np.random.RandomState(seed).uniform(-5, 5, N)
    es = cma.CMAEvolutionStrategy(x0, 2, dict(bounds=[-100, 100], popsize=popsize, seed=seed, verbose=-9, CMA_active=True,
                                              ftarget=1e-8, maxfevals=MAXEVALS))
    n = 0
    while not es.stop():
        X = es.ask()
        Y = []
        for x in X:
            n += 1
            Y.append(f(x))
            if Y[-1] <= 1e-8:
                return n
        es.tell(X, Y)
    return -1


def parameters():
    """Those that pycma shares with the tutorial (its c_sigma and damping differ)."""
    out = []
    for n, popsize in [(2, 6), (3, 7), (5, 8), (10, 10), (10, 60), (10, 121), (40, 15), (100, 17), (3, 200)]:
        es = cma.CMAEvolutionStrategy([0.0] * n, 1, dict(popsize=popsize, verbose=-9))
        sp = es.sp
        out.append(dict(n=n, population=sp.popsize, weights=[float(w) for w in sp.weights], mueff=float(sp.weights.mueff),
                        c1=float(sp.c1), cmu=float(sp.cmu), cc=float(sp.cc)))
    return out


if __name__ == "__main__":
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    out = dict(pycma=cma.__version__, dimensions=N, sigma0=2, bounds=[-100, 100], target=1e-8, start="uniform [-5,5]", tasks=[],
               parameters=parameters())
    for name, popsize in TASKS:
        e = [run(F[name], popsize, s) for s in range(1, runs + 1)]
        ok = [v for v in e if v > 0]
        out["tasks"].append(dict(function=name, population=popsize, runs=runs, successes=len(ok), median=float(np.median(ok)) if ok else None, evaluations=e))
        print(name, popsize, len(ok), np.median(ok) if ok else None, file=sys.stderr, flush=True)
    json.dump(out, sys.stdout)
    print()
