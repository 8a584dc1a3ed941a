"""Writes assembly/inline/coefficients.ts: the polynomials behind exp, log, erfc and cos.

Each polynomial interpolates its function at Chebyshev nodes in 60-digit arithmetic, which is within a small factor of
minimax; the coefficients are then rounded to the element type. The error written beside each table is that of the
rounded polynomial in exact arithmetic.

    python3 scripts/coefficients.py        # mpmath 1.2.1
"""
from mpmath import mp, mpf, cos, sin, pi, exp, expm1, erfc, log, sqrt, atanh, frexp, floor, ldexp, matrix, lu_solve, nstr
import struct

mp.dps = 60
PATH = "assembly/inline/coefficients.ts"


def f32(x):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def f64(x):
    return mpf(float(x))


def fit(function, low, high, count, rounded):
    """Coefficients c_0 … c_{count-1} of the polynomial in x that meets the function at the Chebyshev nodes of [low, high]."""
    nodes = [(low + high) / 2 + (high - low) / 2 * cos((2 * i + 1) * pi / (2 * count)) for i in range(count)]
    system = matrix(count, count)
    for row, x in enumerate(nodes):
        for column in range(count):
            system[row, column] = x**column
    return [rounded(c) for c in lu_solve(system, matrix([function(x) for x in nodes]))]


def worst(error, low, high):
    return max(abs(error(low + (high - low) * (i + mpf(1) / 3) / 1000)) for i in range(1000))


def evaluate(coefficients, x):
    return sum(c * x**i for i, c in enumerate(coefficients))


def expm1_tail(r):
    if abs(r) < mpf(10) ** -25:
        return mpf(1) / 2 + r / 6
    return (expm1(r) - r) / r**2


def atanh_tail(w):
    if w < mpf(10) ** -25:
        return mpf(2) / 3 + 2 * w / 5
    s = sqrt(w)
    return 2 * (atanh(s) / s - 1) / w


def sin_tail(w):
    r = sqrt(w)
    return (sin(r) / r - 1) / w


def cos_tail(w):
    return (cos(sqrt(w)) - 1 + w / 2) / w**2


def scaled_erfc(t, pole):
    z = pole * (1 + t) / (1 - t)
    return (1 + 2 * z) * exp(z * z) * erfc(z)


def table(name, kind, values, note):
    body = "\n".join(f"  {literal(v, kind)}," for v in values)
    return f"/** {note} */\nexport const {name} = memory.data<{kind}>([\n{body}\n]);\n"


def literal(value, kind):
    return repr(float(value)) if kind == "f64" else nstr(value, 9)


def split(x, bits, rounded):
    """x as a high part of few bits, so that k·high is exact for integers k, and the rest."""
    _, e = frexp(x)
    high = ldexp(floor(ldexp(x, bits - e)), e - bits)
    return [high, rounded(x - high)]


def main():
    out = [
        "/**\n * Polynomial coefficients, highest power first, as static data. Made by scripts/coefficients.py, which states the method;\n"
        " * the functions in exponential.ts, logarithm.ts, normal.ts and scalar.ts use them.\n */\n"
    ]
    half_ln2 = log(2) / 2 * (1 + mpf(2) ** -10)
    for kind, rounded, n_exp, n_log, n_erfc, pole, reach, ln2_bits in (
        ("f32", f32, 6, 5, 11, mpf(2), mpf("10.2"), 14),
        ("f64", f64, 10, 10, 23, mpf(4), mpf("27.5"), 32),
    ):
        suffix = kind.upper()
        e = fit(expm1_tail, -half_ln2, half_ln2, n_exp, rounded)
        error = worst(lambda r: (r + r * r * evaluate(e, r) - expm1(r)) / exp(r), -half_ln2, half_ln2)
        high, low = split(log(2), ln2_bits, rounded)
        out.append(table(f"EXP_{suffix}", kind, [rounded(1 / log(2)), high, low] + e[::-1],
            f"1/ln 2, ln 2 in two parts, then (eʳ − 1 − r)/r² on ±½ln 2; eʳ to {nstr(error, 2)} relative."))
        a = fit(atanh_tail, mpf(0), mpf(1) / 9, n_log, rounded)
        error = worst(lambda w: w * (evaluate(a, w) - atanh_tail(w)) / (2 * atanh(sqrt(w)) / sqrt(w)), mpf(0), mpf(1) / 9)
        out.append(table(f"LOG_{suffix}", kind, [high, low] + a[::-1],
            f"ln 2 in two parts, then 2(atanh(s)/s − 1)/s² in s² on [0, 1/9]; atanh to {nstr(error, 2)} relative."))
        end = (reach - pole) / (reach + pole)
        g = fit(lambda t: scaled_erfc(t, pole), mpf(-1), end, n_erfc, rounded)
        error = worst(lambda t: evaluate(g, t) / scaled_erfc(t, pole) - 1, mpf(-1), end)
        out.append(table(f"ERFC_{suffix}", kind, g[::-1],
            f"(1 + 2z)·exp(z²)·erfc(z) in t = (z − {nstr(pole, 1)[0]})/(z + {nstr(pole, 1)[0]}) for 0 ≤ z ≤ {nstr(reach, 3)}; to {nstr(error, 2)} relative."))
    quarter = (pi / 4 * (1 + mpf(2) ** -10)) ** 2
    s = fit(sin_tail, mpf(10) ** -12, quarter, 6, f64)
    c = fit(cos_tail, mpf(10) ** -12, quarter, 6, f64)
    errors = (worst(lambda w: w * (evaluate(s, w) - sin_tail(w)), mpf(10) ** -9, quarter),
              worst(lambda w: w * w * (evaluate(c, w) - cos_tail(w)), mpf(10) ** -9, quarter))
    out.append(table("SIN_F64", "f64", s[::-1], f"(sin(r)/r − 1)/r² in r² on ±π/4; sine to {nstr(errors[0], 2)}."))
    out.append(table("COS_F64", "f64", c[::-1], f"(cos(r) − 1 + r²/2)/r⁴ in r² on ±π/4; cosine to {nstr(errors[1], 2)}."))
    with open(PATH, "w") as file:
        file.write("\n".join(out))


if __name__ == "__main__":
    main()
