#!/usr/bin/env python3
"""Python Optuna beside hone on one database.

    peer.py serve                  answer lines [VERB, URL, …] in JSON with one line each
    peer.py work URL STUDY N ACKS PAUSE
                                   run trials until N are complete, and note each
                                   acknowledged result in the file ACKS

Verbs are
    read        what is in it, in the neutral form of the fixtures
    fill        fill it with what Optuna can write
    continue    STUDY N: run N trials more of a study
    copy        STUDY TO: copy a study into another database
    delete      STUDY
    heartbeats  STUDY: the numbers of running trials that are taken for stale

Works with Optuna 4 and 5; run it with TZ=UTC, for Optuna 4 stores local time.
"""
import contextlib
import datetime as dt
import json
import math
import random
import struct
import sys
import time
import traceback
import warnings

warnings.filterwarnings("ignore")

import optuna  # noqa: E402
from optuna import distributions as D  # noqa: E402
from optuna.trial import TrialState, create_trial  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.ERROR)


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


@contextlib.contextmanager
def storage(url, **kwargs):
    st = optuna.storages.RDBStorage(url, **kwargs)
    try:
        yield st
    finally:
        st.remove_session()
        st.engine.dispose()


def read(url):
    studies = []
    with storage(url) as st:
        for s in sorted(st.get_all_studies(), key=lambda s: s._study_id):
            trials = [neutral_trial(t) for t in sorted(st.get_all_trials(s._study_id), key=lambda t: t.number)]
            studies.append({"study_id": s._study_id, "study_name": s.study_name,
                            "directions": [d.name for d in s.directions], "user_attrs": tag(s.user_attrs),
                            "system_attrs": tag(s.system_attrs), "n_trials": len(trials), "trials": trials})
    return {"optuna_version": optuna.__version__, "studies": studies}


def objective(t):
    x = t.suggest_float("x", 0.0, 1.0)
    n = t.suggest_int("n", 1, 9)
    c = t.suggest_categorical("c", ["a", "b"])
    t.report(x, 1)
    t.set_user_attr("who", "python")
    return x * n + (c == "a")


def go_on(url, study, n):
    with storage(url) as st:
        s = optuna.load_study(study_name=study, storage=st,
                              sampler=optuna.samplers.TPESampler(seed=1, n_startup_trials=2))
        s.optimize(objective, n_trials=n)


def fill(url):
    nan, inf = float("nan"), float("inf")
    with storage(url) as st:
        s = optuna.create_study(study_name="all 日本", storage=st)
        s.set_user_attr("k", {"a": [1, 2.5, None, True, nan, inf], "": "naïve ☃ \x01", "big": 2**70})
        s.set_metric_names(["loss"])
        s.enqueue_trial({"x": 0.25, "n": 3, "c": "b"})
        s.optimize(objective, n_trials=4)
        for value, state in ((inf, TrialState.COMPLETE), (-inf, TrialState.COMPLETE), (0.5, TrialState.PRUNED), (None, TrialState.FAIL)):
            s.add_trial(create_trial(state=state, value=value, params={"f": 0.5, "g": 4, "h": None},
                                     distributions={"f": D.FloatDistribution(0, 1, step=0.25), "g": D.IntDistribution(1, 64, log=True),
                                                    "h": D.CategoricalDistribution([None, True, 2, 2.5, "x"])},
                                     intermediate_values={0: nan, 5: inf, 7: -inf, 9: 1e-300}, user_attrs={"u": nan}, system_attrs={"s": [1]}))
        s.enqueue_trial({"x": 0.75})
        s.ask()
        s.ask()
        m = optuna.create_study(study_name="multi", storage=st, directions=["maximize", "minimize"],
                                sampler=optuna.samplers.NSGAIISampler(population_size=2, constraints_func=lambda t: [-1.0, t.params["x"]]))
        m.optimize(lambda t: (t.suggest_float("x", 0, 1), 1.0), n_trials=5)
        optuna.create_study(study_name="empty", storage=st, direction="maximize")


def copy(url, study, to):
    with storage(url) as st, storage(to) as other:
        optuna.copy_study(from_study_name=study, from_storage=st, to_storage=other)


def delete(url, study):
    with storage(url) as st:
        optuna.delete_study(study_name=study, storage=st)


def heartbeats(url, study):
    with storage(url, heartbeat_interval=60, grace_period=600) as st:
        sid = st.get_study_id_from_name(study)
        return [st.get_trial(i).number for i in st._get_stale_trial_ids(sid)]


def work(url, study, n, acks, pause):
    s = optuna.load_study(study_name=study, storage=url, sampler=optuna.samplers.RandomSampler())
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


VERBS = {"read": read, "fill": fill, "continue": go_on, "copy": copy, "delete": delete, "heartbeats": heartbeats}


def serve():
    for line in sys.stdin:
        verb, *args = json.loads(line)
        try:
            answer = {"answer": VERBS[verb](*args)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    {"serve": serve, "work": work}[sys.argv[1]](*sys.argv[2:])
