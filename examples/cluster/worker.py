"""A worker in Python on the same study: HONE_STORAGE=… python3 worker.py STUDY TRIALS

Needs Optuna 4 or later and the driver of the database (psycopg2-binary for
PostgreSQL, PyMySQL for MySQL). It goes on until TRIALS trials are complete.
"""
import os
import sys
import time

import optuna


def objective(trial):
    x, y = trial.suggest_float("x", -5, 5), trial.suggest_float("y", -5, 5)
    trial.set_user_attr("worker", "python")
    time.sleep(0.05)
    return (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2


optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(study_name=sys.argv[1], storage=os.environ["HONE_STORAGE"], load_if_exists=True)
enough = optuna.study.MaxTrialsCallback(int(sys.argv[2]), states=(optuna.trial.TrialState.COMPLETE,))
study.optimize(objective, callbacks=[enough])
