"""Writes parzen.json: densities of Optuna's Parzen estimator, which the estimator here must agree with.

pip install "optuna>=5"; python parzen.py > parzen.json
Densities of continuous parameters are with respect to the parameter (its logarithm where log is set), as Optuna has them.
"""
import json
import warnings
import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution as Cat, FloatDistribution as Float, IntDistribution as Int
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_weights

warnings.filterwarnings("ignore")


class Stable:
    """numpy, with a stable argsort: of points with an equal coordinate, it depends on numpy's build which one Optuna takes for the outer one."""

    def __getattr__(self, name):
        return (lambda a: np.argsort(a, kind="stable")) if name == "argsort" else getattr(np, name)


optuna.samplers._tpe.parzen_estimator.np = Stable()
rng = np.random.default_rng(7)


def dim(d):
    if isinstance(d, Cat):
        return dict(categories=len(d.choices))
    return dict(low=d.low, high=d.high, step=d.step or 0, log=d.log)


def draw(d, n):
    if isinstance(d, Cat):
        return rng.integers(len(d.choices), size=n).astype(float)
    if d.log:
        v = np.exp(rng.uniform(np.log(d.low), np.log(d.high), n))
    else:
        v = rng.uniform(d.low, d.high, n)
    if d.step:
        v = d.low + np.round((v - d.low) / d.step) * d.step
    return np.clip(v, d.low, d.high)


cases = []


def case(name, dists, obs, xs, prior=1.0, clip=True, endpoints=False, weights=None):
    space = {f"p{i}": d for i, d in enumerate(dists)}
    obs = np.asarray(obs, float).reshape(-1, len(dists))
    xs = np.asarray(xs, float).reshape(-1, len(dists))
    pars = _ParzenEstimatorParameters(prior, clip, endpoints, default_weights if weights is None else lambda n: np.asarray(weights, float), True)
    e = _ParzenEstimator({k: obs[:, i] for i, k in enumerate(space)}, space, pars)
    p = e.log_pdf({k: xs[:, i] for i, k in enumerate(space)})
    sigma = [getattr(d, "sigma", np.zeros(0)).tolist() for d in e._mixture_distribution.distributions]
    cases.append(dict(name=name, dims=[dim(d) for d in dists], obs=obs.tolist(), xs=xs.tolist(), log_pdf=p.tolist(), sigma=sigma,
                      weights=e._mixture_distribution.weights.tolist(), prior=prior, clip=clip, endpoints=endpoints))


f, i10, lf, li, c3 = Float(0, 1), Int(1, 10), Float(1e-4, 1, log=True), Int(1, 16, log=True), Cat(["a", "b", "c"])
case("float", [f], [.1, .5, .9], [0, .5, 1])
case("float, one", [f], [.5], [0, .5, 1])
case("float, none", [f], [], [0, .5, 1])
case("float, close", [f], [.1, .5, .50001, .9], [0, .5, 1])
case("float, equal", [f], [.3, .3, .3, .3], [0, .3, .300001, 1])
case("float, outside", [f], [-3, .5, 7], [0, .25, 1])
case("int", [i10], [1, 3, 8], [1, 5, 10])
case("log float", [lf], [1e-3, 1e-2], [1e-4, .50005, 1])
case("log int", [li], [2, 4], [1, 8, 16])
case("categories", [c3], [0, 0, 2], [0, 1, 2])
case("categories, none", [c3], [], [0, 1, 2])
case("step", [Float(-1, 1, step=0.25)], [-1, 0.25, 1, 1], [-1, -.5, 0, 1])
case("wide int", [Int(-1000, 1000)], [-900, 3, 4, 700], [-1000, -899, 3, 5, 350, 1000])
case("very wide int", [Int(0, 20000)], [0, 10000, 20000], [0, 2000, 10001, 20000])  # beyond this, Optuna's differences lose digits
case("wide log int", [Int(1, 100000, log=True)], [1, 10, 5000, 99999], [1, 2, 11, 4999, 60000, 100000])
case("endpoints", [f], [.1, .5, .9], [0, .5, 1], endpoints=True)
case("no clip", [f], [.1, .10001, .9], [0, .100003, .5, 1], clip=False)
case("prior 0.3", [f, c3], [[.1, 0], [.5, 2]], [[0, 1], [.5, 2]], prior=0.3)
case("weights", [f], [.1, .5, .9], [0, .5, 1], weights=[0.2, 0.0, 3.0])
mixed = [Float(-5, 5), i10, lf, li, c3, Float(0, 2, step=0.5), Int(0, 500), Float(1e-8, 1e3, log=True), Cat(list("xy")), Float(3, 4), Float(-1, 0)]
for n in (0, 1, 2, 10, 40, 150):
    case(f"mixed, {n}", mixed, np.array([draw(d, n) for d in mixed]).T, np.array([draw(d, 8) for d in mixed]).T)
floats = [Float(-5, 5)] * 10
near = rng.normal(0, .3, (60, 10))
case("ten floats", floats, near, np.vstack([near[:6] + rng.normal(0, .05, (6, 10)), rng.uniform(-5, 5, (6, 10))]))
print(json.dumps(dict(optuna=optuna.__version__, cases=cases)))
