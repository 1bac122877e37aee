"""Brackets of Optuna's HyperbandPruner (Optuna 5.0.0 was used).

Run in this folder:  python hyperband.py     writes hyperband.json
"""
import json
import os
import warnings

import optuna

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.CRITICAL)


class Named:
    def __init__(self, name):
        self.study_name = name


class Numbered:
    def __init__(self, number):
        self.number = number


rows = []
for factor in range(2, 11):
    for low in (1, 2):
        highs = {low * factor**k for k in range(0, 12)} | {factor**k for k in range(0, 12)}
        highs |= {h + d for h in highs for d in (-1, 1)} | {100, 81, 1000, 32}
        for high in sorted(h for h in highs if low <= h < 2**31):
            p = optuna.pruners.HyperbandPruner(low, high, factor)
            p._try_initialization(None)
            row = [low, high, factor, p._trial_allocation_budgets]
            if high % 7 == 3:
                row.append([p._get_bracket_id(Named("séance"), Numbered(n)) for n in range(20)])
            rows.append(row)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "hyperband.json"), "w") as f:
    f.write("[" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "]\n")
print(len(rows))
