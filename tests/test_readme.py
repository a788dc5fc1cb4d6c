"""README's first screen shows a picture and a number; both must be what the code says today."""

import re
import runpy
from pathlib import Path

import pytest

import mmlab

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_picture_is_the_timeline_of_today():
    convoy = runpy.run_path(str(ROOT / "docs" / "pictures.py"))["convoy"]
    stored = (ROOT / "docs" / "convoy.svg").read_text(encoding="utf-8")
    assert convoy() + "\n" == stored, "docs/convoy.svg is stale; .venv/bin/python docs/pictures.py makes it anew"


def test_the_two_numbers_are_measured():
    found = re.search(r"\*\*([\d.,]+)\*\* mmap\+munmap pairs a second.*it is \*\*([\d.,]+)\*\*", README)
    before, after = (float(number.replace(",", "")) for number in found.groups())

    def measured(design, seconds):
        return mmlab.Scenario(design=design, disk="18ms").run(seconds, progress=False).mmaps_per_second

    assert measured("synchronous", 20) == pytest.approx(before, abs=0.06)
    assert measured("nopage_retry", 2) == pytest.approx(after, rel=0.02)


def test_every_file_that_the_documents_link_to_exists():
    for document in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "INSTRUCTORS.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (ROOT / target).exists(), f"{document} links to {target}, which is not there"
