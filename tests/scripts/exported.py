"""Exports of collectives, and how many bytes each rank sends in them."""
import math

from program import run

SIZE = 3 * 2**16  # divides into floats for each of 1, 2, 3, 4, 6, 8 ranks
RANKS = (2, 3, 4, 6, 8)

# Bytes that every rank sends, over the size.
CLOSED = {
    ("all_reduce", "ring"): lambda n: 2 * (n - 1) / n,
    ("all_reduce", "direct"): lambda n: 2 * (n - 1) / n,
    ("all_reduce", "rhd"): lambda n: 2 * (n - 1) / n,
    ("all_reduce", "swing"): lambda n: 2 * (n - 1) / n,
    ("all_reduce", "doubling"): lambda n: math.log2(n),
    ("all_reduce", "oneshot"): lambda n: n - 1,
    ("all_gather", "ring"): lambda n: (n - 1) / n,
    ("all_gather", "butterfly"): lambda n: (n - 1) / n,
    ("reduce_scatter", "ring"): lambda n: (n - 1) / n,
    ("reduce_scatter", "direct"): lambda n: (n - 1) / n,
    ("all_to_all", "direct"): lambda n: (n - 1) / n,
    ("all_to_all", "pairwise"): lambda n: (n - 1) / n,
    # A block at distance d makes a jump for each one in its binary digits.
    ("all_to_all", "bruck"): lambda n: sum(bin(d).count("1") for d in range(n)) / n,
}
ONLY_POWERS_OF_TWO = {"rhd", "swing", "doubling", "bruck"}  # bruck: its bases are 2 only there
CASES = [(c, a, n) for (c, a) in CLOSED for n in RANKS if a not in ONLY_POWERS_OF_TWO or n & (n - 1) == 0]


def export(tmp_path, kind, collective, algorithm, ranks, *more):
    path = tmp_path / f"{collective}.{kind}"
    result = run("export", kind, collective, "-b", SIZE, "-n", ranks, "--algorithm", algorithm, "-o", path, *more)
    assert result.returncode == 0, result.stderr
    return path
