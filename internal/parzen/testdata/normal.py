"""Writes normal.json: values of the standard normal distribution from SciPy, and from mpmath where SciPy loses digits.

pip install scipy mpmath; python normal.py > normal.json
"""
import json
import mpmath as mp
from scipy import special, stats

mp.mp.dps = 60


def phi(x):
    return mp.ncdf(mp.mpf(x))


def log_mass(a, b):
    a, b = mp.mpf(a), mp.mpf(b)
    if a > 0:
        a, b = -b, -a
    return mp.log((mp.erfc(-b / mp.sqrt(2)) - mp.erfc(-a / mp.sqrt(2))) / 2)


mp.mp.dps = 60
out = dict(log_cdf=[], log_mass=[], inverse=[], scipy_log_pdf=[], scipy_quantile=[])
for x in (-1000.0, -100.0, -40.0, -37.5, -36.1, -35.9, -20.0, -5.0, -1.0, -0.1, 0.0, 0.1, 1.0, 5.0, 8.0, 20.0):
    out["log_cdf"].append([x, float(special.log_ndtr(x))])
for a, b in ((-40, -39), (3, 4), (-1, 1), (-0.1, 0.1), (-8, 9), (20, 21), (30, 30.5), (50, 51), (-1e-3, 1e-3), (0.0, 0.05), (1, 1 + 1e-6), (5, 5.0001), (-30, -29.999),
             (10, 10.02), (10, 10.009), (-0.06, 0.05), (-0.04, 0.05), (2, 2.04), (2, 2.06), (-37, -36.5), (-60, 0.5), (-3, 80), (0.3, 0.9), (-2, -1e-9)):
    out["log_mass"].append([float(a), float(b), float(log_mass(a, b))])
for y in (-690.7755278982137, -23.025850929940457, -0.6931471805599453, -1.000000500000333e-06, -1e4, -3.1, -2.9, -0.7, -0.6, -0.01, -1e-12, -50.0):
    out["inverse"].append([y, float(special.ndtri_exp(y))])
for x, a, b in ((0.3, -1, 2), (-4.9, -5, -4), (12.1, 12, 14), (0.0, -0.5, 0.5), (1.99, -1, 2), (-30.5, -31, -30)):
    out["scipy_log_pdf"].append([x, a, b, float(stats.truncnorm.logpdf(x, a, b))])
for p in (1e-10, 0.01, 0.3, 0.5, 0.9, 0.999999):
    for a, b in ((-1, 2), (-5, -4), (4, 7), (-0.5, 0.5), (-30, -29), (-9, 9), (8, 30), (0.25, 0.250001)):
        if (b - a) < 1e-3:  # SciPy loses digits here: solve with mpmath
            la, lb = phi(a), phi(b)
            q = float(mp.findroot(lambda t: phi(t) - la - mp.mpf(p) * (lb - la), (mp.mpf(a) + mp.mpf(b)) / 2))
        else:
            q = float(stats.truncnorm.ppf(p, a, b))
            la, lb = phi(a), phi(b)
            # one step of Newton's method, for the last digits
            for _ in range(4):
                t = mp.mpf(q)
                q = float(t - (phi(t) - la - mp.mpf(p) * (lb - la)) / mp.npdf(t))
        out["scipy_quantile"].append([p, float(a), float(b), q])
print(json.dumps(out, indent=1))
