# Runs trials of five floats on a journal with Optuna. Arguments: path, trials.
# Prints the seconds of optimize.
import json
import sys
import time
import warnings

import optuna

warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
path, trials = sys.argv[1], int(sys.argv[2])
storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(path))
study = optuna.create_study(study_name="s", storage=storage, sampler=optuna.samplers.RandomSampler(seed=1))


def objective(trial):
    return sum(trial.suggest_float(f"x{i}", -5, 5) ** 2 for i in range(5))


study.optimize(objective, n_trials=20)
began = time.perf_counter()
study.optimize(objective, n_trials=trials)
print(json.dumps({"Seconds": time.perf_counter() - began, "Version": optuna.__version__}))
