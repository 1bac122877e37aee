"""Has Optuna's pruners judge the curves of curves.json and prints their decisions.

    python pruners.py > pruners.json        (Optuna 5.0.0, SciPy 1.17.1 were used)

Four trials are under way at any time, each in turn makes one report and asks
whether to stop. Maximising studies get the negated losses. "stopped" is the
number of reports after which each trial was stopped, or -1. "answers" comes from
trials that go on all the same: for each trial its answers as a binary number in
hexadecimal, the first report's in the highest bit.
"""
import json
import math
import os
import sys
import warnings

import optuna

optuna.logging.set_verbosity(optuna.logging.CRITICAL)
warnings.simplefilter("ignore")
WORKERS = 4

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "curves.json")) as f:
    CURVES = [[math.nan if v is None else v for v in c] for c in json.load(f)]


def steps(variant, trial, n):
    """The order in which a trial reports its steps."""
    if variant == "dense":
        return list(range(n))
    if variant == "sparse":
        return [s for s in range(n) if (7 * s + 3 * trial) % 5 < 2]
    assert variant == "shuffled"
    return sorted(range(n), key=lambda s: ((s + 1) * (trial + 3) * 7919) % 101)


def run(pruner, direction, variant, obey):
    study = optuna.create_study(study_name="curves", direction=direction, pruner=pruner, sampler=optuna.samplers.RandomSampler())
    sign = -1 if direction == "maximize" else 1
    stopped, answers = [-1] * len(CURVES), [0] * len(CURVES)
    slots, started = [None] * WORKERS, 0
    while started < len(CURVES) or any(slots):
        for i in range(WORKERS):
            if slots[i] is None:
                if started == len(CURVES):
                    continue
                trial = study.ask()
                assert trial.number == started
                slots[i] = (trial, [(s, sign * CURVES[started][s]) for s in steps(variant, started, len(CURVES[started]))], 0)
                started += 1
            trial, reports, done = slots[i]
            step, value = reports[done]
            trial.report(value, step)
            done += 1
            slots[i] = (trial, reports, done)
            prune = trial.should_prune()
            answers[trial.number] = 2 * answers[trial.number] + prune
            if prune and obey:
                stopped[trial.number] = done
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                slots[i] = None
            elif done == len(reports):
                if math.isnan(value):
                    study.tell(trial, state=optuna.trial.TrialState.FAIL)
                else:
                    study.tell(trial, value)
                slots[i] = None
    return stopped if obey else [format(a, "x") for a in answers]


# Constructor, its arguments, and the variants that it judges. The pruners that
# guess a resource from the first complete trial see curves of one length only.
P = optuna.pruners
ALL = ("dense", "sparse", "shuffled")
CASES = [
    ("Median", {}, ALL),
    ("Median", {"n_startup_trials": 1, "n_warmup_steps": 5, "interval_steps": 3, "n_min_trials": 4}, ALL),
    ("Percentile", {"percentile": 25.0}, ALL),
    ("Percentile", {"percentile": 70.0, "n_startup_trials": 3, "interval_steps": 2}, ("dense", "sparse")),
    ("Percentile", {"percentile": 0.5, "n_startup_trials": 20}, ("dense",)),
    ("SuccessiveHalving", {}, ("dense",)),
    ("SuccessiveHalving", {"min_resource": 1, "reduction_factor": 2}, ALL),
    ("SuccessiveHalving", {"min_resource": 2, "reduction_factor": 3, "min_early_stopping_rate": 1, "bootstrap_count": 2}, ALL),
    ("Hyperband", {}, ("dense",)),
    ("Hyperband", {"min_resource": 1, "max_resource": 27, "reduction_factor": 3}, ALL),
    ("Hyperband", {"min_resource": 2, "max_resource": 20, "reduction_factor": 2, "bootstrap_count": 1}, ALL),
    ("Threshold", {"lower": 0.3, "upper": 5.0}, ("dense",)),
    ("Threshold", {"upper": 2.2, "n_warmup_steps": 4, "interval_steps": 5}, ("dense", "sparse")),
    ("Threshold", {"lower": -2.2, "n_warmup_steps": 1}, ("shuffled",)),
    ("Patient", {"patience": 0}, ("dense",)),
    ("Patient", {"patience": 3, "min_delta": 0.01}, ALL),
    ("Patient", {"patience": 1, "wrapped": "Median"}, ALL),
    ("Wilcoxon", {}, ALL),
    ("Wilcoxon", {"p_threshold": 0.3, "n_startup_steps": 6}, ("dense", "shuffled")),
]


def make(name, args):
    args = dict(args)
    if name == "Patient":
        wrapped = args.pop("wrapped", None)
        args["wrapped_pruner"] = make(wrapped, {}) if wrapped else None
    return getattr(P, name + "Pruner")(**args)


rows = []
for name, args, variants in CASES:
    for variant in variants:
        for direction in ("minimize", "maximize"):
            row = {"pruner": name, "args": args, "variant": variant, "direction": direction}
            rows.append(row | {"stopped": run(make(name, args), direction, variant, True)})
    row = {"pruner": name, "args": args, "variant": "dense", "direction": "minimize"}
    rows.append(row | {"answers": run(make(name, args), "minimize", "dense", False)})
sys.stdout.write("[" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "]\n")
