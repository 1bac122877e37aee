"""Records 200 learning curves of a small neural network, for pruners to judge.

Run in this folder:  python curves.py     writes curves.json (NumPy 2.4 was used)

Each curve is the validation loss (cross-entropy) after each of 27 epochs of
training one hidden layer on the digits of ../../../examples/digits, with
learning rate, width, batch size and decay drawn at random. Learning rates that
are too large end in NaN, written as null.
"""
import gzip
import json
import os

import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
data = np.loadtxt(gzip.open(os.path.join(here, "../../../examples/digits/train.csv.gz"), "rt"), delimiter=",")
rng = np.random.default_rng(20)
data = data[rng.permutation(len(data))[:1200]]
x, y = data[:, :64] / 16, data[:, 64].astype(int)
train_x, train_y, val_x, val_y = x[:800], y[:800], x[800:], y[800:]


def forward(w1, b1, w2, b2, x):
    h = np.maximum(x @ w1 + b1, 0)
    z = h @ w2 + b2
    z = z - z.max(axis=1, keepdims=True)
    p = np.exp(z)
    return h, z - np.log(p.sum(axis=1, keepdims=True)), p / p.sum(axis=1, keepdims=True)


curves = []
for _ in range(200):
    lr, width = 10 ** rng.uniform(-3, 1.8), int(rng.integers(2, 65))
    batch, decay = int(2 ** rng.integers(3, 8)), 10 ** rng.uniform(-6, -0.5)
    w1, b1 = rng.normal(0, 0.2, (64, width)), np.zeros(width)
    w2, b2 = rng.normal(0, 0.2, (width, 10)), np.zeros(10)
    curve = []
    with np.errstate(all="ignore"):
        for _ in range(27):
            order = rng.permutation(len(train_x))
            for i in range(0, len(order), batch):
                xb, yb = train_x[order[i : i + batch]], train_y[order[i : i + batch]]
                h, _, p = forward(w1, b1, w2, b2, xb)
                g = p
                g[np.arange(len(yb)), yb] -= 1
                g /= len(yb)
                back = (g @ w2.T) * (h > 0)
                w2 -= lr * (h.T @ g + decay * w2)
                b2 -= lr * g.sum(axis=0)
                w1 -= lr * (xb.T @ back + decay * w1)
                b1 -= lr * back.sum(axis=0)
            logp = forward(w1, b1, w2, b2, val_x)[1]
            loss = float(-logp[np.arange(len(val_y)), val_y].mean())
            curve.append(float(f"{loss:.6g}") if np.isfinite(loss) else None)
    curves.append(curve)

with open(os.path.join(here, "curves.json"), "w") as f:
    f.write("[" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in curves) + "]\n")
flat = [v for c in curves for v in c]
print("missing", sum(v is None for v in flat), "of", len(flat), "final losses", sorted(c[-1] for c in curves if c[-1] is not None)[::20])
