"""Writes golden.json: what Python's json module and repr make of numbers, strings
and texts. Run it in this folder: python3 golden.py (3.11 made the file kept here).
"""

import json
import math
import random
import struct

rng = random.Random(20240607)

floats = [0.0, -0.0, 1.0, -1.0, 2.0, 0.1, 0.2, 0.1 + 0.2, 1 / 3, 1e-4, 9.999e-5, 1e-5, 1.5e-5, 123456.789,
          1e15, 1e16, 9999999999999998.0, 123456789012345680.0, 1e21, 1e22, 1e23, 1e100, 1e308,
          1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, 2.0**53, 2.0**63,
          math.pi, 1e-7, 100.0, 1234567.0, float("inf"), float("-inf"), float("nan")]
for _ in range(400):
    floats.append(struct.unpack("<d", rng.randbytes(8))[0])
for _ in range(200):
    floats.append(rng.uniform(-1, 1) * 10 ** rng.randint(-8, 20))
for _ in range(100):
    floats.append(round(rng.uniform(-1000, 1000), rng.randint(0, 6)))

strings = ["", "plain", "\"\\/", "\x00\x01\x1f", "\b\f\n\r\t", "\x7f", "na\u00efve", "\u65e5\u672c", "\U0001f600", "\u2028\u2029",
           "\ud83d", "\ude00", "\ude00\ud83d", "a\ud83dz", "\ufffd", "\uffff", "\U0010ffff", "<script>&amp;"]
for _ in range(100):
    strings.append("".join(chr(rng.choice([rng.randrange(0x80), rng.randrange(0x800), rng.randrange(0x10000), rng.randrange(0x110000)]))
                           for _ in range(rng.randint(0, 12))))


def value(depth):
    kind = rng.randrange(9 if depth < 4 else 7)
    if kind == 0:
        return None
    if kind == 1:
        return rng.random() < 0.5
    if kind == 2:
        return rng.randint(-1000, 1000)
    if kind == 3:
        return rng.randint(-(2 ** rng.randint(1, 200)), 2 ** rng.randint(1, 200))
    if kind in (4, 5):
        return rng.choice(floats)
    if kind == 6:
        return rng.choice(strings)
    if kind == 7:
        return [value(depth + 1) for _ in range(rng.randint(0, 5))]
    return {rng.choice(strings): value(depth + 1) for _ in range(rng.randint(0, 5))}


texts = [json.dumps(value(0), indent=rng.choice([None, None, 1]), ensure_ascii=True) for _ in range(300)]
texts += [
    "null", " true ", "\t\r\n[ ]\n", "{ }", "NaN", "Infinity", "-Infinity", "[NaN,-Infinity , Infinity]", "0", "-0", "-0.0", "1E5",
    "1e+5", "1e400", "-1e400", "1e-400", "0.1e1", "2.0", "2", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "-9223372036854775809", "1180591620717411303424", "[1e5, 1E-7, 12345678901234567890.0]",
    '{"a":1,"b":2,"a":3}', '{"a":{"a":1,"a":2},"a":{"b":1}}', '{"":0}', '"\\/"', '"\\ud83d"', '"\\ude00\\ud83d"',
    '"\\ud83d\\ude00"', '"\\uD83D\\uDE00"', '"\\ud83d\\u0041"', '"\\ud83d\\ud83d\\ude00"', '"\\u0000"', '"\u65e5\u672c \U0001f600"', '"\x7f"',
    '{"\\u0061":1,"a":2}', '[[[[[[1]]]]]]', "[" * 900 + "]" * 900,
    # What Python refuses.
    "", " ", "nul", "nulll", "True", "None", "nan", "inf", "-NaN", "+1", "+Infinity", "01", "-01", "-", ".5", "5.", "1.e5", "1e", "1e+",
    "0x10", "1_000", "--1", "1 2", "[1,]", "[,1]", "[1 2]", "[", "]", "[1", "{", "}", '{"a"}', '{"a":}', '{"a":1,}', "{a:1}", "{1:2}",
    "{'a':1}", '{"a":1 "b":2}', '{,}', '"', '"abc', '"\\"', '"\\x41"', '"\\u12"', '"\\u12g4"', '"\\u 123"', '"\\u+123"', '"a\nb"',
    '"a\tb"', '"\x00"', "'a'", "// c\n1", "1 // c", "/**/1", "\ufeff1", "\u00a01", "[1]]", "-Infinit", "Infinityy", "NaN1",
    "\uff11", "1\uff10", '{"a":1}{"b":2}',
]


def outcome(text):
    try:
        v = json.loads(text)
    except ValueError:
        return {"text": text, "compact": None, "spaced": None}
    return {"text": text, "compact": json.dumps(v, separators=(",", ":")), "spaced": json.dumps(v)}


golden = {
    "floats": [[f.hex(), json.dumps(f)] for f in floats],
    "texts": [outcome(t) for t in texts],
    # Strings go by their UTF-8 with surrogates passed through, in hexadecimal.
    "strings": [[s.encode("utf-8", "surrogatepass").hex(), json.dumps(s)] for s in strings],
}
with open("golden.json", "w", newline="\n") as f:
    json.dump(golden, f, indent=0)
    f.write("\n")
