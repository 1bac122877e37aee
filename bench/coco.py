"""Serves functions of COCO (PyPI coco-experiment) to the program beside it: python coco.py SUITE DIMENSION INSTANCE

The first line out is a JSON list of problems {name, space, best, median}. Then each line in, INDEX X0 X1 ..., is
answered by the value there. Integer variables, which come first, are offered as integers. The median is that of
2,000 random points from a generator with seed 2, so that regret is normalised as in the stored results of others.
"""
import glob, json, math, os, sys, tempfile

import cocoex
import numpy as np


def space_of(p):
    out = []
    for i in range(p.dimension):
        lo, hi = p.lower_bounds[i], p.upper_bounds[i]
        if i < p.number_of_integer_variables:
            out.append(dict(name="x%02d" % i, kind="int", low=math.ceil(lo), high=math.floor(hi)))
        else:
            out.append(dict(name="x%02d" % i, kind="float", low=float(lo), high=float(hi)))
    return out


def optimum_of(p):
    """COCO tells the best point by a file in the working directory alone."""
    home = os.getcwd()
    with tempfile.TemporaryDirectory() as d:
        os.chdir(d)
        try:
            p._best_parameter("print")
            x = np.loadtxt(glob.glob(".*best_parameter*")[0]).ravel()
        finally:
            os.chdir(home)
    return float(p(x[: p.dimension]))


def median_of(p, space):
    rng = np.random.default_rng(2)

    def draw(s):
        return rng.integers(s["low"], s["high"] + 1) if s["kind"] == "int" else rng.uniform(s["low"], s["high"])

    return float(np.median([p(np.array([float(draw(s)) for s in space])) for _ in range(2000)]))


def main(suite, dimension, instance):
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever COCO prints must not come between the answers
    functions = cocoex.Suite(suite, "instances: " + instance, "dimensions: " + dimension)
    problems = [functions.get_problem(i) for i in range(len(functions))]
    head = []
    for p in problems:
        space = space_of(p)
        head.append(dict(name=p.id, space=space, median=median_of(p, space), best=optimum_of(p)))
    out.write(json.dumps(head) + "\n")
    for line in sys.stdin:
        index, *x = line.split()
        out.write("%r\n" % float(problems[int(index)](np.array([float(v) for v in x]))))


if __name__ == "__main__":
    main(*sys.argv[1:])
