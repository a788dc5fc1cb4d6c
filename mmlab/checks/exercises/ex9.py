"""Exercise 9: a design document of five short answers, which a person reads."""

from ..check import Exercise

EXERCISE = Exercise(
    name="ex9",
    title="Exercise 9, a design document",
    functions=(),
    checks=(),
    hints=(
        "Begin with the attack: which wrong design of this course would meet the least of the five requirements? Your "
        "other answers say how yours is different.",
        "Go through the five requirements with one design in mind and write yes, no or when beside each. The *when* and "
        "the *no* are what the rationale is about.",
        "Cut adjectives first, then repetitions of the question. Names of functions and flags are the shortest way to be "
        "exact.",
    ),
    kept=0,
    kept_points=0,
    by_hand=20,
    written={f"ex9-{answer}": 25 for answer in ("data", "algorithm", "synchronisation", "rationale", "attack")},
)  # fmt: skip
