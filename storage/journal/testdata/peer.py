#!/usr/bin/env python3
"""Python Optuna beside hone on one journal file.

    peer.py read FILE              print what is in it, in the neutral form of the fixtures
    peer.py continue FILE STUDY N  run N trials more of a study
    peer.py copy FILE STUDY TO     copy a study into another journal file
    peer.py work FILE STUDY N ACKS GRACE PAUSE
                                   run trials until N are complete, and note each
                                   acknowledged result in the file ACKS

Works with Optuna 4 and 5.
"""
import datetime as dt
import json
import math
import os
import random
import struct
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import optuna  # noqa: E402
from optuna import distributions as D  # noqa: E402
from optuna.storages import JournalStorage  # noqa: E402
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock  # noqa: E402
from optuna.trial import TrialState  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.ERROR)


def open_journal(path, grace=30):
    return JournalStorage(JournalFileBackend(path, lock_obj=JournalFileSymlinkLock(path, grace_period=grace)))


def tag(v):
    if isinstance(v, float) and not math.isfinite(v):
        return {"__float__": "nan" if math.isnan(v) else ("inf" if v > 0 else "-inf")}
    if isinstance(v, dict):
        return {k: tag(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return [tag(x) for x in v]
    return v


def typed(v):
    names = {type(None): "null", bool: "bool", int: "int", float: "float", str: "str"}
    return {"type": names[type(v)], "value": tag(v)}


def utc(t):
    if t is None:
        return None
    return t.astimezone(dt.timezone.utc).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def neutral_dist(d):
    if isinstance(d, D.CategoricalDistribution):
        return {"kind": "categorical", "choices": [typed(c) for c in d.choices]}
    kind = "float" if isinstance(d, D.FloatDistribution) else "int"
    return {"kind": kind, "low": tag(d.low), "high": tag(d.high), "log": d.log, "step": d.step,
            "written_as": type(d).__name__}


def neutral_trial(t):
    out = {
        "number": t.number, "trial_id": t._trial_id, "state": t.state.name,
        "values": None if t.values is None else tag([float(x) for x in t.values]),
        "datetime_start": utc(t.datetime_start), "datetime_complete": utc(t.datetime_complete),
        "params": [{"name": n, "internal": tag(float(t.distributions[n].to_internal_repr(v))),
                    "external": typed(v), "distribution": neutral_dist(t.distributions[n])}
                   for n, v in t.params.items()],
        "intermediate_values": [{"step": s, "value": tag(v)} for s, v in sorted(t.intermediate_values.items())],
        "user_attrs": tag(dict(t.user_attrs)), "system_attrs": tag(dict(t.system_attrs)),
    }
    if hasattr(t, "constraints"):  # Optuna 5
        out["constraints"] = tag(dict(t.constraints))
    return out


def read(path):
    st = open_journal(path)
    studies = []
    for s in st.get_all_studies():
        trials = [neutral_trial(t) for t in st.get_all_trials(s._study_id)]
        studies.append({"study_id": s._study_id, "study_name": s.study_name,
                        "directions": [d.name for d in s.directions], "user_attrs": tag(s.user_attrs),
                        "system_attrs": tag(s.system_attrs), "n_trials": len(trials), "trials": trials})
    print(json.dumps({"optuna_version": optuna.__version__, "studies": studies}))


def objective(t):
    x = t.suggest_float("x", 0.0, 1.0)
    n = t.suggest_int("n", 1, 9)
    c = t.suggest_categorical("c", ["a", "b"])
    t.report(x, 1)
    t.set_user_attr("who", "python")
    return x * n + (c == "a")


def go_on(path, study, n):
    s = optuna.load_study(study_name=study, storage=open_journal(path),
                          sampler=optuna.samplers.TPESampler(seed=1, n_startup_trials=2))
    s.optimize(objective, n_trials=int(n))


def copy(path, study, to):
    optuna.copy_study(from_study_name=study, from_storage=open_journal(path), to_storage=open_journal(to))


def work(path, study, n, acks, grace, pause):
    s = optuna.load_study(study_name=study, storage=open_journal(path, int(grace)),
                          sampler=optuna.samplers.RandomSampler())
    out = open(acks, "a", buffering=1)
    bits = lambda f: struct.pack(">d", f).hex()

    def f(t):
        x = t.suggest_float("x", 0.0, 1.0)
        t.report(x / 3, 0)
        time.sleep(random.random() * float(pause))
        return x * 1e100

    def done(study, t):  # after the result is stored
        out.write(f"{t.number} {bits(t.params['x'])} {bits(t.value)}\n")

    stop = optuna.study.MaxTrialsCallback(int(n), states=(TrialState.COMPLETE,))
    s.optimize(f, callbacks=[done, stop])


if __name__ == "__main__":
    {"read": read, "continue": go_on, "copy": copy, "work": work}[sys.argv[1]](*sys.argv[2:])
