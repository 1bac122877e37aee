"""Minima of bounded problems by SciPy's L-BFGS-B (scipy 1.11 or newer), written to minima.json. Run: python make.py"""
import json
import numpy as np
from scipy.optimize import minimize, rosen, rosen_der


def quadratic(n):
    i = np.arange(n)
    a = 10.0 ** (3 * i / max(n - 1, 1))
    c = np.sin(1.0 + i) * 2
    # coupled by a rank-one term, so that the free coordinates move when others meet a bound
    return (lambda x: 0.5 * np.sum(a * (x - c) ** 2) + 0.5 * np.sum(x) ** 2,
            lambda x: a * (x - c) + np.sum(x))


def trig(n):
    i = np.arange(n)
    w = 1 + 0.1 * i
    return (lambda x: np.sum(np.cos(w * x) + 0.05 * x ** 2) + 0.1 * np.sum(x[:-1] * x[1:]),
            lambda x: -w * np.sin(w * x) + 0.1 * x + 0.1 * (np.append(x[1:], 0) + np.append(0, x[:-1])))


out = []
for name, (f, g), x0, lo, hi in [
    ("rosenbrock", (rosen, rosen_der), [-1.2, 1.0], [-2, -2], [2, 2]),
    ("rosenbrock", (rosen, rosen_der), [-1.2, 1.0], [-2, -2], [0.5, 2]),
    ("rosenbrock", (rosen, rosen_der), [1.3, 0.7, 0.8, 1.9, 1.2], [-5] * 5, [5] * 5),
    ("rosenbrock", (rosen, rosen_der), [3.0, 2.5, 2.0, 2.0, 3.0, 2.0], [1.5, -3, -3, -3, -3, -3], [4] * 6),
    ("quadratic", quadratic(10), [0.5] * 10, [-1] * 10, [1] * 10),
    ("quadratic", quadratic(30), [0.0] * 30, [-0.2] * 30, [3] * 30),
    ("trig", trig(6), [2.0] * 6, [0] * 6, [3.5] * 6),
]:
    r = minimize(f, x0, jac=g, method="L-BFGS-B", bounds=list(zip(lo, hi)), options=dict(ftol=1e-15, gtol=1e-9, maxiter=10000))
    out.append(dict(name=name, start=x0, lower=lo, upper=hi, x=r.x.tolist(), f=float(r.fun), evaluations=int(r.nfev)))
json.dump(out, open("minima.json", "w"), indent=1)
