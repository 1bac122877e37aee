#!/usr/bin/env python3
"""Python Optuna beside hone on one journal in Redis.

    peer.py read AT                print what is in it, in the neutral form of the fixtures
    peer.py continue AT STUDY N    run N trials more of a study
    peer.py copy AT STUDY TO       copy a study into another journal
    peer.py delete AT STUDY        delete a study
    peer.py fill AT STUDY N        make a study of N trials of every kind
    peer.py take AT STUDY          run the waiting trials, and print their numbers
    peer.py work AT STUDY N ACKS GRACE PAUSE
                                   run trials until N are complete, and note each
                                   acknowledged result in the file ACKS
    peer.py bench AT STUDY N       run trials that do nothing until N are complete

AT is the URL of a server, "#" and a prefix. The rest is that of the journal
file's peer. Works with Optuna 4 and 5.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../journal/testdata"))
import peer  # noqa: E402
import optuna  # noqa: E402
from optuna.storages import JournalStorage  # noqa: E402
from optuna.storages.journal import JournalRedisBackend  # noqa: E402
from optuna.trial import TrialState  # noqa: E402


def open_journal(at, grace=30):
    url, prefix = at.split("#")
    return JournalStorage(JournalRedisBackend(url, prefix=prefix))


peer.open_journal = open_journal


def delete(at, study):
    optuna.delete_study(study_name=study, storage=open_journal(at))


def fill(at, study, n):
    s = optuna.create_study(study_name=study, storage=open_journal(at), sampler=optuna.samplers.RandomSampler(seed=1))

    def f(t):
        x = t.suggest_float("x", 1e-3, 1.0, log=True)
        k = t.suggest_int("k", 0, 20, step=5)
        c = t.suggest_categorical("c", [None, True, 2, 2.5, "é"])
        for i in range(3):
            t.report([float("nan"), float("inf"), x][i], i)
        t.set_user_attr("note", {"a": [1, None, float("-inf")], "b": "日本"})
        if t.number % 4 == 1:
            raise optuna.TrialPruned()
        if t.number % 4 == 2:
            raise ValueError("on purpose")
        return x * k + (c is None)

    s.set_user_attr("who", "python")
    s.enqueue_trial({"x": 0.5})
    s.optimize(f, n_trials=int(n), catch=(ValueError,))
    s.enqueue_trial({"x": 0.25})
    s.ask()


def take(at, study):
    s = optuna.load_study(study_name=study, storage=open_journal(at), sampler=optuna.samplers.RandomSampler())
    while (trial := s._pop_waiting_trial_id()) is not None:
        s._storage.set_trial_state_values(trial, TrialState.COMPLETE, [1.0])
        print(s._storage.get_trial(trial).number, flush=True)


def bench(at, study, n):
    s = optuna.load_study(study_name=study, storage=open_journal(at), sampler=optuna.samplers.RandomSampler())
    s.optimize(lambda t: 1.0, callbacks=[optuna.study.MaxTrialsCallback(int(n), states=(TrialState.COMPLETE,))])


if __name__ == "__main__":
    {"read": peer.read, "continue": peer.go_on, "copy": peer.copy, "work": peer.work,
     "delete": delete, "fill": fill, "take": take, "bench": bench}[sys.argv[1]](*sys.argv[2:])
