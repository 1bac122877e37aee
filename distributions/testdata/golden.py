"""Writes golden.json: what Optuna makes of domains. Needs Optuna 5.0.0 (and NumPy).
Run it in this folder: python3 golden.py

Floats are written by float.hex, so that nothing is rounded on the way.
"""

import decimal
import json
import math
import random
import warnings

import numpy as np
import optuna
from optuna._transform import _SearchSpaceTransform
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    check_distribution_compatibility,
    distribution_to_json,
    json_to_distribution,
)

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
rng = random.Random(31337)

domains = [
    FloatDistribution(0, 1),
    FloatDistribution(-1.5, 2.5),
    FloatDistribution(-1e300, 1e300),
    FloatDistribution(1e-5, 1, log=True),
    FloatDistribution(1e-300, 1e300, log=True),
    FloatDistribution(2, 2.0000001, log=True),
    FloatDistribution(0, 1, step=0.1),
    FloatDistribution(0, 1, step=0.25),
    FloatDistribution(-0.3, 0.95, step=0.05),
    FloatDistribution(1, 1000, step=7.5),
    FloatDistribution(3, 3),
    FloatDistribution(0, 0.05, step=0.1),
    IntDistribution(1, 10),
    IntDistribution(-3, 12),
    IntDistribution(0, 20, step=5),
    IntDistribution(-7, 20, step=3),
    IntDistribution(1, 1024, log=True),
    IntDistribution(3, 7, log=True),
    IntDistribution(5, 5),
    IntDistribution(5, 5, log=True),
    IntDistribution(2, 3, step=9),
    IntDistribution(-(2**53), 2**53),
    CategoricalDistribution(["a"]),
    CategoricalDistribution([None, True, 2, 2.5, "1", float("nan"), float("inf")]),
]


def values(d):
    if isinstance(d, CategoricalDistribution):
        return [-2, -1, -0.5, 0, 0.5, 1, 2.9, len(d.choices) - 1, len(d.choices) - 0.5, len(d.choices), 1e9]
    step = d.step or (1 if isinstance(d, IntDistribution) else (d.high - d.low) / 16 or 1)
    out = [d.low, d.high, math.nextafter(d.low, -math.inf), math.nextafter(d.high, math.inf), math.inf, -math.inf]
    for k in range(0, 12):
        v = d.low + k * step
        out += [v, v + step * 1e-9, v - step * 1e-9, v + step * 2e-8, v + step / 2]
    out += [rng.uniform(d.low, d.high) for _ in range(5)]
    return out


def domain(d):
    entry = {
        "json": distribution_to_json(d),
        "single": d.single(),
        "contains": [[float(v).hex(), d._contains(v)] for v in values(d)],
        "to_unit": [],
        "from_unit": [],
    }
    if not isinstance(d, CategoricalDistribution) and not d.single() and math.isfinite(d.high - d.low):
        transform = _SearchSpaceTransform({"x": d}, transform_0_1=True)
        for v in values(d):
            if d._contains(v):
                v = int(v) if isinstance(d, IntDistribution) else v
                entry["to_unit"].append([float(v).hex(), float(transform.transform({"x": v})[0]).hex()])
        # No point here is the edge between two cells, where rounding decides.
        for u in [0.0, 1e-9, 0.0012, 0.1001, 0.3331, 0.4999, 0.6001, 0.9003, 0.9991, 1.0] + [rng.random() for _ in range(10)]:
            v = transform.untransform(np.array([u]))["x"]
            entry["from_unit"].append([u.hex(), float(v).hex()])
    return entry


def highs():
    out = []
    while len(out) < 400:
        digits = rng.choice([1, 2, 3, 3, 5, 8])
        low = round(rng.uniform(-10, 10), digits) * 10.0 ** rng.choice([0, 0, 0, 1, 5, -4])
        step = round(rng.uniform(0, 2), digits) * 10.0 ** rng.choice([0, 0, -1, -3, 4])
        high = low + rng.uniform(0, 50) * step
        if rng.random() < 0.5:
            high = round(high, rng.choice([0, 1, 2, 3]))
        if step <= 0 or low > high:
            continue
        try:
            d = FloatDistribution(low, high, step=step)
        except decimal.InvalidOperation:
            continue
        out.append([low.hex(), high.hex(), step.hex(), d.high.hex(), d.single()])
    return out


def find():
    choices = [None, False, 2, 2.5, "1", float("nan"), float("inf"), 2**53 + 1, 2.0**60, "1.0"]
    d = CategoricalDistribution(choices)
    out = []
    for v in [None, False, True, 0, 0.0, -0.0, 1, 1.0, 2, 2.0, 2.5, "1", "1.0", "nan", float("nan"), float("inf"), float("-inf"),
              2**53, 2**53 + 1, float(2**53), 2**60, 2**60 + 1, 2.0**60, 2**70, "", "None"]:
        try:
            index = int(d.to_internal_repr(v))
        except ValueError:
            index = -1
        out.append([json.dumps(v), index])
    return {"json": distribution_to_json(d), "values": out}


def compatible():
    ds = [
        FloatDistribution(0, 1), FloatDistribution(-5, 9), FloatDistribution(1, 2, log=True), FloatDistribution(0, 1, step=0.5),
        IntDistribution(0, 1), IntDistribution(1, 9, step=4), IntDistribution(1, 9, log=True),
        CategoricalDistribution([0, 1]), CategoricalDistribution([1, 0]), CategoricalDistribution([False, True]),
        CategoricalDistribution([0.0, 1.0]), CategoricalDistribution([0, 1, 2]), CategoricalDistribution(["0", "1"]),
        CategoricalDistribution([float("nan"), None]), CategoricalDistribution([None, float("nan")]),
    ]
    out = []
    for a in ds:
        for b in ds:
            try:
                check_distribution_compatibility(a, b)
                ok = True
            except ValueError:
                ok = False
            out.append([distribution_to_json(a), distribution_to_json(b), ok, a == b])
    return out


def texts():
    """Texts around the edge of what is readable."""
    out = []
    for text in [
        '{"name":"FloatDistribution","attributes":{"low":0,"high":1,"low":0.5}}',
        '{"name":"FloatDistribution","attributes":{"low":0}}',
        '{"name":"FloatDistribution","attributes":{"low":null,"high":1}}',
        '{"name":"FloatDistribution","attributes":{"low":"x","high":1}}',
        '{"name":"FloatDistribution","attributes":[0,1]}',
        '{"name":"FloatDistribution"}',
        '{"name":"FloatDistribution","attributes":{"low":0,"high":1,"step":0}}',
        '{"name":"FloatDistribution","attributes":{"low":0,"high":1,"step":-1}}',
        '{"name":"FloatDistribution","attributes":{"low":0,"high":1,"log":true}}',
        '{"name":"FloatDistribution","attributes":{"low":1,"high":2,"log":true,"step":0.5}}',
        '{"name":"FloatDistribution","attributes":{"low":-Infinity,"high":Infinity}}',
        '{"name":"FloatDistribution","attributes":{"low":1e400,"high":1e400}}',
        '{"name":"FloatDistribution","attributes":{"low":0,"high":1' + "0" * 400 + '}}',
        '{"name":"IntDistribution","attributes":{"low":0,"high":9,"step":0}}',
        '{"name":"IntDistribution","attributes":{"low":0,"high":9,"step":-2}}',
        '{"name":"IntDistribution","attributes":{"low":0,"high":9,"log":true}}',
        '{"name":"IntDistribution","attributes":{"low":5,"high":4}}',
        '{"name":"IntDistribution","attributes":{"low":0.9,"high":9.9}}',
        '{"name":"IntDistribution","attributes":{"low":-1.5,"high":1e3}}',
        '{"name":"IntDistribution","attributes":{"low":NaN,"high":9}}',
        '{"name":"IntDistribution","attributes":{"low":0,"high":Infinity}}',
        '{"name":"IntDistribution","attributes":{"low":0,"high":9007199254740993}}',
        '{"name":"IntDistribution","attributes":{"low":0,"high":21,"step":10}}',
        '{"name":"CategoricalDistribution","attributes":{"choices":[]}}',
        '{"name":"CategoricalDistribution","attributes":{"choices":[1,1]}}',
        '{"name":"CategoricalDistribution","attributes":{}}',
        '{"name":"CategoricalDistribution","attributes":{"choices":3}}',
        '{"name":"CategoricalDistribution","attributes":{"choices":[[1,2],{"b":1,"a":[]}]}}',
        '{"name":"CategoricalDistribution","attributes":{"choices":["\\ud83d",1180591620717411303424]}}',
        '{"name":"UniformDistribution","attributes":{"low":0,"high":1,"log":true}}',
        '{"name":"DiscreteUniformDistribution","attributes":{"low":0,"high":1}}',
        '{"name":"DiscreteUniformDistribution","attributes":{"low":0,"high":1,"q":0.3}}',
        '{"name":"DiscreteUniformDistribution","attributes":{"low":0,"high":1,"q":0}}',
        '{"name":"DiscreteUniformDistribution","attributes":{"low":0,"high":1,"step":0.3}}',
        '{"name":"IntLogUniformDistribution","attributes":{"low":1,"high":9,"step":2}}',
        '{"name":"IntLogUniformDistribution","attributes":{"low":1,"high":9}}',
        '{"name":"IntUniformDistribution","attributes":{"low":1,"high":9}}',
        '{"name":"LogUniformDistribution","attributes":{"low":0,"high":9}}',
        '{"type":"float","low":0,"high":1,"extra":1}', '{"type":"float","low":0}', '{"type":"int","low":0,"high":3,"step":null}',
        '{"type":"float","name":"FloatDistribution","low":0,"high":1}', '{"type":"categorical"}', '{"type":null}', '{"name":null}',
        "[]", "null", "1", "", "x", '"FloatDistribution"',
    ]:
        try:
            d = json_to_distribution(text)
            meaning = {
                "low": float(d.low).hex(), "high": float(d.high).hex(), "log": d.log, "step": float(d.step or 0).hex(),
            } if hasattr(d, "low") else {"choices": json.dumps(d.choices)}
        except Exception:
            meaning = None
        out.append({"text": text, "meaning": meaning})
    return out


golden = {
    "domains": [domain(d) for d in domains],
    "highs": highs(),
    "find": find(),
    "compatible": compatible(),
    "texts": texts(),
}
with open("golden.json", "w", newline="\n") as f:
    json.dump(golden, f, indent=0)
    f.write("\n")
