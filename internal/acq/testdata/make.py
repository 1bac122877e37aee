"""Golden numbers at 60 decimal digits by mpmath (pip install mpmath), written to tails.json. Run: python make.py"""
import json
from mpmath import mp, mpf, erfc, exp, log, sqrt, pi

mp.dps = 60


def logs(z):
    # far out the closed form needs more digits than the cancellation eats: 2·log10(z²) and the exponent itself is fine in mpf
    mp.dps = 80
    z = mpf(z)
    phi = exp(-z * z / 2) / sqrt(2 * pi)
    cdf = erfc(-z / sqrt(mpf(2))) / 2
    h = phi + z * cdf
    return dict(z=float(z), logh=float(log(h)), dlogh=float(cdf / h), logcdf=float(log(cdf)), dlogcdf=float(phi / cdf))


zs = [-1e6, -123456.5, -1e4, -1000, -100, -41, -40, -39, -37.5, -30, -20, -12, -8, -6, -5.0001, -5, -4.9999, -4, -3, -2, -1, -0.5, -1e-3, 0, 1e-3, 0.5, 1, 2, 3, 5, 5.5, 8, 20, 37]
json.dump([logs(z) for z in zs], open("tails.json", "w"), indent=1)
