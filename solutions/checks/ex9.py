"""Exercise 9 has no checks: a person reads it, with the rubric of the notebook."""

CHECKS = ()
WRONG = {}
