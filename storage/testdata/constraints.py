"""Writes constraints.json: what Optuna derives as a trial's constraints from its
system attributes. Needs Optuna 5.0.0. Run it in this folder: python3 constraints.py

Attribute values are JSON texts as Optuna's storages write them. Derived values
are written by float.hex.
"""

import json
import warnings

import optuna

warnings.simplefilter("ignore")
inf = float("inf")

cases = [
    {},
    {"other": [1.0]},
    {"constraints": None},
    {"constraints": []},
    {"constraints": [0.0]},
    {"constraints": [-1.0, 2.5, 0.1]},
    {"constraints": (-1.0, 2)},
    {"constraints": [1e-05, -1e300, 5e-324]},
    {"constraints": [inf, -inf]},
    {"constraints:a": 1.0},
    {"constraints:b": -1.0, "constraints:a": 0.0},
    {"constraints:weight:kg": 3.5, "constraints:": -2.0},
    {"constraints": [-1.0, -2.0], "constraints:1": 5.0},
    {"constraints:0": 5.0, "constraints": [-1.0, -2.0]},
    {"constraints:x": inf, "constraints": [1.0], "constraints:2": -1},
]

out = []
for attrs in cases:
    attrs = {k: list(v) if isinstance(v, tuple) else v for k, v in attrs.items()}
    trial = optuna.trial.create_trial(value=0.0, system_attrs=attrs)
    out.append(
        {
            "attrs": [[k, json.dumps(v)] for k, v in attrs.items()],
            "constraints": {k: float(v).hex() for k, v in trial.constraints.items()},
        }
    )

with open("constraints.json", "w") as f:
    json.dump({"optuna": optuna.__version__, "cases": out}, f, indent=1)
    f.write("\n")
