"""Make the pictures of README anew: `.venv/bin/python docs/pictures.py`."""

from pathlib import Path

import mmlab

HERE = Path(__file__).resolve().parent


def convoy() -> str:
    """README's picture: the convoy, and how it dissolves."""
    designs = ["synchronous", "nopage_retry"]
    return mmlab.compare(designs, disk="18ms", ps_readers=1, ps_pause="5ms", seconds=0.2).timeline().svg


if __name__ == "__main__":
    (HERE / "convoy.svg").write_text(convoy() + "\n", encoding="utf-8")
    print("docs/convoy.svg is made anew")
