"""Student's t distribution: how far the mean of a few samples may lie from the truth."""

import math

from mmlab.theory._arguments import count, inside_0_1, positive


def t_central(t, freedom):
    """P(-t < T < t) for Student's T with `freedom` degrees of freedom.

    With the angle a = atan(t / sqrt(freedom)), a finite sum:
      freedom odd   2/pi (a + sin a (cos a + 2/3 cos^3 a + 2*4/(3*5) cos^5 a + ...  up to cos^(freedom-2) a))
      freedom even  sin a (1 + 1/2 cos^2 a + 1*3/(2*4) cos^4 a + ...                up to cos^(freedom-2) a)
    Units    t is a pure number, the answer a probability.
    Source   M. Abramowitz and I. Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4.
    Raises   ValueError: t not > 0, freedom not a whole number >= 1.
    """
    return _central(math.atan(positive("t", t) / math.sqrt(count("freedom", freedom))), freedom)


def t_quantile(confidence, freedom):
    """The t for which P(-t < T < t) = confidence: the two-sided quantile. confidence 0.999, freedom 9: 4.781.

    Found by halving the interval of the angle, which is finite (0 to pi/2) however far out t itself lies.
    Units    confidence between 0 and 1; the answer is a pure number, good to 9 digits for confidence up to
             0.9999.
    Source   as t_central.
    Raises   ValueError: confidence not strictly between 0 and 1, freedom not a whole number >= 1.
    """
    inside_0_1("confidence", confidence)
    count("freedom", freedom)
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        if _central(middle, freedom) < confidence:
            low = middle
        else:
            high = middle
    return math.sqrt(freedom) * math.tan(high)


def _central(angle, freedom):
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = (cosine, 0.0) if odd else (1.0, 0.0)
    # term is the coefficient times the power of the cosine that belongs to it
    for power in range(odd, freedom - 1, 2):
        total += term
        term *= cosine * cosine * (power + 1) / (power + 2)
        if term < 1e-18:
            break
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
