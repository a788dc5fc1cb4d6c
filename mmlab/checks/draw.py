"""What a check draws by lot: parameters and hidden variants that follow from a key and from nothing else."""

from __future__ import annotations

import hmac
from random import Random

PRACTICE = "practice"
"""the key of the checks in a notebook: everybody sees the same numbers"""


class Draw(Random):
    """A source of chance for one check. The same key, exercise and check give the same draws on every machine."""

    def __new__(cls, *_):
        return super().__new__(cls)

    def __init__(self, key: str, exercise: str, check: str) -> None:
        text = f"{exercise}/{check}".encode()
        super().__init__(int.from_bytes(hmac.digest(key.encode(), text, "sha256")))
