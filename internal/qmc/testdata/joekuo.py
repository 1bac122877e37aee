"""Packs the direction numbers new-joe-kuo-6 of S. Joe and F. Y. Kuo into ../joekuo.bin.

The numbers are read from SciPy's package data, which holds the same table.
Run in this folder:  python joekuo.py       (SciPy 1.17.1 was used)

Layout: a stream of bits, least significant bit of each byte first. For each of
the dimensions 2..1111, in order (s is the degree of its primitive polynomial):
the inner coefficients a as s-1 bits, then m_2..m_s, the number m_i as its i-1
bits above the lowest (which is always 1).
"""
import os

import numpy as np
import scipy.stats

DIMENSIONS = 1111  # up to here property A holds for this set

table = np.load(os.path.join(os.path.dirname(scipy.stats.__file__), "_sobol_direction_numbers.npz"))
bits = []


def put(value, width):
    assert 0 <= value < 1 << width
    bits.extend(value >> k & 1 for k in range(width))


degrees = {}
for poly, vinit in zip(table["poly"][1:DIMENSIONS].tolist(), table["vinit"][1:DIMENSIONS].tolist()):
    s = poly.bit_length() - 1
    degrees[s] = degrees.get(s, 0) + 1
    assert poly & 1 == 1
    put(poly >> 1 & (1 << (s - 1)) - 1, s - 1)
    assert vinit[0] == 1
    for i in range(2, s + 1):
        m = vinit[i - 1]
        assert m & 1 == 1 and m < 1 << i
        put(m >> 1, i - 1)

print("polynomials by degree:", degrees)
while len(bits) % 8:
    bits.append(0)
packed = bytes(sum(b << k for k, b in enumerate(bits[i : i + 8])) for i in range(0, len(bits), 8))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "joekuo.bin"), "wb") as f:
    f.write(packed)
print(len(packed), "bytes")
