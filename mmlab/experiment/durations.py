"""Times and random times as people write them: "18ms", "exponential(18ms)", "hdd".

Inside, a time is an integer number of nanoseconds, and a random time is drawn from its own generator, so that adding
one source of chance never shifts another.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from random import Random

from ..view.units import duration

UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
TIME = re.compile(r"\s*(-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))\s*([a-zµ]*)\s*")
LONGEST = 3_600 * 10**9
"""no time in a scenario may be longer than an hour"""


def parse_time(text, what: str, least: int = 0) -> int:
    """`text` ("18ms", "66.7us", "5s", or "0") in ns.

    Raises ValueError, naming `what`, for anything that is not a time between `least` ns and an hour.
    """
    match = TIME.fullmatch(text) if isinstance(text, str) else None
    if (text == 0 and not isinstance(text, bool)) or (match and float(match[1]) == 0 and not match[2]):
        ns = 0
    elif match is None or match[2] not in UNITS:
        raise ValueError(f"{what}={text!r} is not a time; write a number and a unit, such as '18ms', '66.7us', '5s'")
    else:
        ns = round(min(float(match[1]) * UNITS[match[2]], 2.0 * LONGEST))  # 400 digits are a float's infinity
    if not least <= ns <= LONGEST:
        raise ValueError(f"{what}={text!r} is out of range; it may be from {duration(least, ascii=True)} to 1 hour")
    return ns


@dataclass(frozen=True)
class constant:
    """Always the same time."""

    time: str

    def sampler(self, what: str, rng: Random):
        ns = parse_time(self.time, what)
        return lambda: ns

    def mean(self) -> float:
        return parse_time(self.time, "time")


@dataclass(frozen=True)
class exponential:
    """Exponentially distributed with this mean: what arrives at random, or a service with no memory."""

    time: str

    def sampler(self, what: str, rng: Random):
        rate = 1 / parse_time(self.time, what, least=1)
        return lambda: round(rng.expovariate(rate))

    def mean(self) -> float:
        return parse_time(self.time, "time")


@dataclass(frozen=True)
class uniform:
    """Anything between two times, equally likely."""

    low: str
    high: str

    def sampler(self, what: str, rng: Random):
        low, high = parse_time(self.low, what), parse_time(self.high, what)
        if low > high:
            raise ValueError(
                f"{what}=uniform({self.low!r}, {self.high!r}): the first time must not be above the second"
            )
        return lambda: low + round(rng.random() * (high - low))

    def mean(self) -> float:
        return (parse_time(self.low, "time") + parse_time(self.high, "time")) / 2


DISTRIBUTIONS = {"constant": constant, "exponential": exponential, "uniform": uniform}
PROFILES = {
    # Round guesses of the right order, for playing; the course's numbers use plain times.
    "hdd": (uniform("4ms", "20ms"), 1),
    "ssd": (uniform("60us", "140us"), 8),
    "nvme": (uniform("10us", "30us"), 32),
}
"""name -> (service time, channels)"""


def parse_duration(value, what: str):
    """A distribution from what people write: a time, "exponential(18ms)", or one of the classes above.

    Raises ValueError, naming `what`, with what is allowed and the nearest right spelling.
    """
    if isinstance(value, tuple(DISTRIBUTIONS.values())):
        value.sampler(what, Random(0))
        return value
    match = re.fullmatch(r"\s*([a-zA-Z_]+)\s*\(([^()]*)\)\s*", value) if isinstance(value, str) else None
    if match is None:
        parse_time(value, what)
        return constant(str(value).replace(" ", ""))
    name, arguments = match[1].lower(), [part.strip(" '\"") for part in match[2].split(",")]
    if name not in DISTRIBUTIONS:
        near = difflib.get_close_matches(name, DISTRIBUTIONS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ValueError(f"{what}={value!r}: unknown distribution{hint} Allowed: {', '.join(DISTRIBUTIONS)}")
    wanted = 2 if name == "uniform" else 1
    if len(arguments) != wanted:
        raise ValueError(f"{what}={value!r}: {name} takes {wanted} time{'s' * (wanted > 1)}")
    distribution = DISTRIBUTIONS[name](*arguments)
    distribution.sampler(what, Random(0))
    return distribution


def parse_gap(value, what: str):
    """As `parse_duration`, but a plain time is the mean of an exponential distribution: of what comes at random."""
    gap = parse_duration(value, what)
    plain = isinstance(value, str) and not value.endswith(")") and value != "0"
    gap = exponential(value) if plain else gap
    gap.sampler(what, Random(0))
    return gap


def parse_disk(value) -> tuple[object, int]:
    """(service time distribution, channels) of a disk given as a time, a distribution or a profile's name."""
    if isinstance(value, str) and value.lower() in PROFILES:
        return PROFILES[value.lower()]
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z]+", value):
        near = difflib.get_close_matches(value.lower(), PROFILES, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ValueError(f"disk={value!r} is no profile{hint} Allowed: {', '.join(PROFILES)}, or a time such as '18ms'")
    return parse_duration(value, "disk"), 1


def spelled(value, what: str, plain: type = constant):
    """How a time or distribution is written in a scenario: as text; no time at all as "0", however it was written.

    `plain` is the distribution that a bare time stands for there; `constant` is spelled out where it is another one.
    """
    if isinstance(value, tuple(DISTRIBUTIONS.values())):
        value = f"constant({value.time})" if isinstance(value, constant) and plain is not constant else text_of(value)
    value = value.replace(" ", "") if isinstance(value, str) else value
    named = what == "disk" and isinstance(value, str) and value.lower() in PROFILES
    return "0" if not named and parse_duration(value, what).mean() == 0 else value


def text_of(distribution) -> str:
    """A distribution as people write it."""
    if isinstance(distribution, constant):
        return distribution.time
    if isinstance(distribution, uniform):
        return f"uniform({distribution.low}, {distribution.high})"
    return f"exponential({distribution.time})"
