# The study of study.go in a library with Optuna's interface. Arguments: library,
# sampler, trials, floats. Prints the processor time of optimize and the best value.
import importlib
import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")
library, sampler, trials, floats = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
lib = importlib.import_module(library)
if hasattr(lib, "logging") and hasattr(lib.logging, "set_verbosity"):
    lib.logging.set_verbosity(lib.logging.ERROR)
study = lib.create_study(sampler=getattr(lib.samplers, sampler)(seed=1))
best = [float("inf")]


def objective(trial):
    value = sum((trial.suggest_float(f"x{i}", -5, 5) - 1) ** 2 for i in range(floats))
    best[0] = min(best[0], value)
    return value


began = time.process_time()
study.optimize(objective, n_trials=trials)
print(json.dumps({"CPU": time.process_time() - began, "Best": best[0]}))
