"""Writes tpe.json: how Optuna's TPESampler divides trials, and what it thinks of points.

pip install "optuna>=5"; python tpe.py > tpe.json
Optuna sorts equal coordinates in an order that depends on numpy's build; here the sort is stable.
"""
import json
import warnings
import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution as Cat, FloatDistribution as Float, IntDistribution as Int, distribution_to_json
from optuna.samplers._tpe import parzen_estimator
from optuna.samplers._tpe.sampler import _split_trials, default_gamma, default_gamma_multiobjective
from optuna.trial import TrialState as S, create_trial

warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)


class Stable:
    def __getattr__(self, name):
        return (lambda a: np.argsort(a, kind="stable")) if name == "argsort" else getattr(np, name)


parzen_estimator.np = Stable()
rng = np.random.default_rng(11)
space = {"c": Cat(["a", "b", "c"]), "f": Float(-1, 1), "i": Int(0, 9), "l": Float(1e-3, 10, log=True)}


def draw(d):
    if isinstance(d, Cat):
        return str(rng.choice(d.choices))
    if isinstance(d, Int):
        return int(rng.integers(d.low, d.high + 1))
    return float(np.exp(rng.uniform(np.log(d.low), np.log(d.high)))) if d.log else float(rng.uniform(d.low, d.high))


cases = []


def case(name, n, directions, pruned=0.0, infeasible=0.0, failed=0.0, missing=0.0, ties=False, running=0):
    study = optuna.create_study(directions=directions)
    out = []
    for k in range(n):
        u = rng.random()
        state = S.FAIL if u < failed else S.PRUNED if u < failed + pruned else S.COMPLETE
        params = {p: draw(d) for p, d in space.items() if p == "f" or rng.random() >= missing}
        values = [float(np.round(v, 0) if ties else v) for v in rng.normal(size=len(directions)) * 3]
        reports = {}
        if state == S.PRUNED and rng.random() < 0.85:
            reports = {int(s): float(rng.choice([rng.normal(), rng.normal(), np.nan])) for s in range(int(rng.integers(1, 4)))}
        constraints = {}
        if infeasible:
            constraints = {"x": float(rng.normal()) if rng.random() < infeasible else -1.0, "y": float(rng.choice([-2.0, 0.0, 1.5], p=[.6, .2, .2]))}
        study.add_trial(create_trial(state=state, values=values if state == S.COMPLETE else None, params=params, distributions={p: space[p] for p in params},
                                     intermediate_values=reports, constraints=constraints or None))
        last = None
        if state == S.PRUNED and reports:
            last = reports[max(reports)]
        out.append(dict(number=k, state=state.name, values=values if state == S.COMPLETE else [], params={p: space[p].to_internal_repr(v) for p, v in params.items()},
                        reports=[[s, None if np.isnan(v) else v] for s, v in sorted(reports.items())], constraints=constraints))
    under = []
    for _ in range(running):
        t = study.ask()
        params = {p: draw(d) for p, d in space.items()}
        for p, d in space.items():
            study._storage.set_trial_param(t._trial_id, p, d.to_internal_repr(params[p]), d)
        under.append(dict(number=t.number, params={p: space[p].to_internal_repr(v) for p, v in params.items()}))
    trials = study._storage.get_all_trials(study._study_id, states=(S.COMPLETE, S.PRUNED, S.RUNNING))
    finished = sum(t.state != S.RUNNING for t in trials)
    below, above = _split_trials(study, trials, (default_gamma if len(directions) == 1 else default_gamma_multiobjective)(finished))
    sampler = optuna.samplers.TPESampler()
    scores = []
    for names in ([list(space)] if len(directions) == 1 else []) + [[p] for p in space]:
        sub = {p: space[p] for p in names}
        good, rest = sampler._build_parzen_estimator(study, sub, below, handle_below=True), sampler._build_parzen_estimator(study, sub, above, handle_below=False)
        xs = [[d.to_internal_repr(draw(d)) for d in sub.values()] for _ in range(4)]
        a = sampler._compute_acquisition_func({p: np.array([x[j] for x in xs]) for j, p in enumerate(names)}, good, rest)
        scores.append(dict(names=names, xs=xs, score=a.tolist()))
    cases.append(dict(name=name, directions=directions, trials=out, running=under, below=[t.number for t in below], above=[t.number for t in above], scores=scores))


case("plain", 30, ["minimize"])
case("maximise", 45, ["maximize"])
case("three", 3, ["minimize"])
case("many", 300, ["minimize"])
case("ties", 60, ["minimize"], ties=True)
case("ties, maximise", 60, ["maximize"], ties=True)
case("pruned", 40, ["minimize"], pruned=0.95)
case("pruned, maximise", 40, ["maximize"], pruned=0.97)
case("constraints", 60, ["minimize"], infeasible=0.9)
case("constraints, pruned", 50, ["minimize"], infeasible=0.97, pruned=0.5)
case("failed", 40, ["minimize"], failed=0.4)
case("conditional", 80, ["minimize"], missing=0.4)
case("running", 30, ["minimize"], running=5)
case("everything", 120, ["maximize"], pruned=0.3, infeasible=0.3, failed=0.1, missing=0.2, running=4)
case("two objectives", 50, ["minimize", "maximize"])
case("three objectives", 80, ["minimize", "minimize", "maximize"])
case("two objectives, ties", 80, ["minimize", "minimize"], ties=True)
case("two objectives, constraints", 60, ["minimize", "maximize"], infeasible=0.8, running=3)
print(json.dumps(dict(optuna=optuna.__version__, space={p: json.loads(distribution_to_json(d)) for p, d in space.items()}, cases=cases), separators=(",", ":")))
