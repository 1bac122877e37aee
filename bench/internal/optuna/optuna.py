"""One study of Optuna's, driven over pipes, a JSON value a line: python optuna.py SAMPLER SEED DIRECTION...

{"ask": n} begins the trial that the other side calls n; {"suggest": n, "name": ..., "distribution": ...} is answered by
{"value": in internal representation, "cpu": seconds that this process has worked since the study began}; {"tell": n,
"values": [...] or null, "constraints": [...]} ends it. In a study with constraints every trial that ends well has some."""
import json, os, sys, time, warnings

warnings.filterwarnings("ignore")
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
out = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def constraints(trial):
    return trial.user_attrs.get("constraints", (0.0,))


def make(name, seed, constrained):
    s = optuna.samplers
    if name == "tpe-group":
        return s.TPESampler(seed=seed, multivariate=True, group=True, constraints_func=constraints if constrained else None)
    cls = dict(random=s.RandomSampler, tpe=s.TPESampler, gp=s.GPSampler, cma=s.CmaEsSampler, nsga2=s.NSGAIISampler)[name]
    if constrained and name in ("tpe", "gp", "nsga2"):
        return cls(seed=seed, constraints_func=constraints)
    return cls(seed=seed)


name, seed, directions = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
study = optuna.create_study(directions=directions, sampler=make(name, seed, False))
constrained = False
trials = {}
began = time.process_time()
for line in sys.stdin:
    q = json.loads(line)
    if "ask" in q:
        trials[q["ask"]] = study.ask()
    elif "suggest" in q:
        dist = optuna.distributions.json_to_distribution(q["distribution"])
        value = dist.to_internal_repr(trials[q["suggest"]]._suggest(q["name"], dist))
        out.write(json.dumps(dict(value=float(value), cpu=time.process_time() - began)) + "\n")
    else:
        trial = trials.pop(q["tell"])
        if q["constraints"]:
            if not constrained:  # it is the first trial that says whether there are any
                constrained, study.sampler = True, make(name, seed, True)
            trial.set_user_attr("constraints", q["constraints"])
        if q["values"] is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, q["values"])
