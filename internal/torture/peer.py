"""Optuna beside hone.

    peer.py read URL STUDY                  one line a trial: number, state, values and parameters in bits
    peer.py work URL STUDY N ACKS PAUSE     run trials until N are complete, and note each acknowledged
                                            result in the file ACKS
"""
import random
import struct
import sys
import time
import urllib.parse
import warnings

warnings.filterwarnings("ignore")

import optuna  # noqa: E402
from optuna.trial import TrialState  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.ERROR)


def storage(url):
    scheme, rest = url.split("://", 1)
    if scheme == "journal":
        from optuna.storages.journal import JournalFileBackend

        return optuna.storages.JournalStorage(JournalFileBackend(rest[1:]))
    if scheme == "redis":
        from optuna.storages.journal import JournalRedisBackend

        base, query = url.split("?")
        return optuna.storages.JournalStorage(JournalRedisBackend(base, prefix=urllib.parse.parse_qs(query)["prefix"][0]))
    if scheme == "grpc":
        host, port = rest.split(":")
        return optuna.storages.GrpcStorageProxy(host=host, port=int(port))
    return optuna.storages.RDBStorage(url)


def bits(f):
    return struct.pack(">d", f).hex()


def read(url, name):
    for t in optuna.load_study(study_name=name, storage=storage(url)).trials:
        params = [f"{k}={bits(t.distributions[k].to_internal_repr(v))}" for k, v in t.params.items()]
        print(t.number, t.state.name, *[bits(v) for v in t.values or []], *params)


def work(url, name, n, acks, pause):
    study = optuna.load_study(study_name=name, storage=storage(url), sampler=optuna.samplers.RandomSampler())
    out = open(acks, "a", buffering=1)

    def objective(t):
        x = t.suggest_float("x", 0.0, 1.0)
        t.report(x / 3, 0)
        time.sleep(random.random() * float(pause))
        return x * 1e100

    def done(study, t):  # after the result is stored
        out.write(f"{t.number} {bits(t.params['x'])} {bits(t.value)}\n")

    stop = optuna.study.MaxTrialsCallback(int(n), states=(TrialState.COMPLETE,))
    study.optimize(objective, callbacks=[done, stop])


{"read": read, "work": work}[sys.argv[1]](*sys.argv[2:])
