"""The Python worker of examples/python: python3 worker.py FILE TRIALS

Needs Optuna 4 or later (pip install 'optuna>=4').
"""
import sys
import time

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend


def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    n = trial.suggest_int("n", 1, 8)
    shape = trial.suggest_categorical("shape", ["round", "flat"])
    trial.set_user_attr("worker", "python")
    time.sleep(0.02)
    return (x - 2) ** 2 + n + (shape == "flat")


optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(
    study_name="shared",
    storage=JournalStorage(JournalFileBackend(sys.argv[1])),
    load_if_exists=True,
)
study.optimize(objective, n_trials=int(sys.argv[2]))
workers = [t.user_attrs.get("worker") for t in study.trials]
print(f"trials of Go {workers.count('go')}, of Python {workers.count('python')}; best {study.best_value:.4f}")
