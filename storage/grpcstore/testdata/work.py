"""Go on with the study "shared": python work.py HOST:PORT TRIALS"""
import sys

import optuna
from optuna.storages import GrpcStorageProxy

optuna.logging.set_verbosity(optuna.logging.ERROR)
host, port = sys.argv[1].rsplit(":", 1)
storage = GrpcStorageProxy(host=host, port=int(port))
study = optuna.create_study(study_name="shared", storage=storage, load_if_exists=True)
study.optimize(lambda t: t.suggest_float("x", -5, 5) ** 2 + t.suggest_int("n", 1, 3), n_trials=int(sys.argv[2]))
print(len(study.trials), repr(study.best_value))
