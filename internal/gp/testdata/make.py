"""Golden numbers of Gaussian process regression by scikit-learn (numeric coordinates) and NumPy (nominal ones, constant mean),
written to regression.json. Run: python make.py"""
import json
import numpy as np
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

rng = np.random.default_rng(3)
out = []
for n, d in [(5, 1), (12, 2), (30, 4), (61, 7)]:
    x, y = rng.uniform(size=(n, d)), rng.normal(size=n)
    ell, s2, noise = np.exp(rng.normal(-0.5, 0.5, size=d)), 1.7, 0.02
    gpr = GaussianProcessRegressor(ConstantKernel(s2) * Matern(ell, nu=2.5) + WhiteKernel(noise), optimizer=None, alpha=0).fit(x, y)
    lml, g = gpr.log_marginal_likelihood(gpr.kernel_.theta, eval_gradient=True)  # theta: ln s2, ln ell, ln noise
    q = rng.uniform(-0.2, 1.2, size=(6, d))
    mu, cov = gpr.predict(q, return_cov=True)
    out.append(dict(kinds=[0] * d, x=x.tolist(), y=y.tolist(), theta=np.log(np.concatenate([ell, [s2, noise]])).tolist(), bias=0.0, lml=float(lml),
                    gradient=np.concatenate([g[1:-1], g[:1], g[-1:]]).tolist(), q=q.tolist(), mu=mu.tolist(),
                    sigma=np.sqrt(np.diag(cov) - noise).tolist()))  # predictions of the function, without the noise of an observation

for n, kinds in [(20, [0, 1, 1]), (33, [1, 0, 0, 1, 1, 0])]:
    d = len(kinds)
    draw = lambda m: np.array([[rng.integers(4) if k else rng.uniform() for k in kinds] for _ in range(m)], float)
    x, y, q = draw(n), rng.normal(size=n), draw(6)
    ell, s2, noise, bias = np.exp(rng.normal(-0.3, 0.4, size=d)), 0.8, 0.05, 0.6

    def cov(a, b, ell=ell, s2=s2):
        r2 = sum(np.where(np.array(kinds[j]) == 1, (a[:, None, j] != b[None, :, j]) * 1.0, (a[:, None, j] - b[None, :, j]) ** 2) / ell[j] ** 2 for j in range(d))
        r = np.sqrt(5 * r2)
        return s2 * ((1 + r + r * r / 3) * np.exp(-r) + bias)

    def lml(t):
        e = np.exp(t)
        return multivariate_normal.logpdf(y, np.zeros(n), cov(x, x, e[:d], e[d]) + e[d + 1] * np.eye(n))

    theta = np.log(np.concatenate([ell, [s2, noise]]))
    k = cov(x, x) + noise * np.eye(n)
    kq = cov(x, q)
    sol = np.linalg.solve(k, kq)
    grad = [(8 * (lml(theta + h) - lml(theta - h)) - (lml(theta + 2 * h) - lml(theta - 2 * h))) / (12 * 1e-3)
            for h in 1e-3 * np.eye(d + 2)]
    out.append(dict(kinds=kinds, x=x.tolist(), y=y.tolist(), theta=theta.tolist(), bias=bias, lml=float(lml(theta)), gradient=[float(g) for g in grad],
                    q=q.tolist(), mu=(kq.T @ np.linalg.solve(k, y)).tolist(), sigma=np.sqrt(np.diag(cov(q, q)) - np.sum(kq * sol, 0)).tolist()))
json.dump(out, open("regression.json", "w"))
