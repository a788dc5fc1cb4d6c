"""What every file of the project keeps to."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 300
NOT_OURS = {".git", ".venv", "work", "build", "dist", "site", "node_modules", ".ipynb_checkpoints"}
MACHINE_PATHS = re.compile(r"(?<![\w.~])/(?:work|root)/\w|file:/{2}")
REGISTRIES = re.compile(r"pypi\.org|pythonhosted\.org|anaconda\.(?:org|com)|npmjs\.|-{2}index-url")


def texts(folder):
    """Text files of the project, as {path in the project: text}; without what is made or fetched."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in NOT_OURS and "cache" not in path.name and path.name != ".hypothesis":
                found |= texts(path)
        elif b"\0" not in (data := path.read_bytes()):
            found[path.relative_to(ROOT).as_posix()] = data.decode("utf-8")
    return found


FILES = texts(ROOT)


def ruff(*arguments):
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_ruff_finds_nothing_in_code_and_notebooks():
    done = ruff("check", "--output-format", "concise")
    assert done.returncode == 0, done.stdout + done.stderr


def test_code_and_notebooks_are_formatted():
    done = ruff("format", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("what", [MACHINE_PATHS, REGISTRIES], ids=["path of a machine", "registry host"])
def test_no_file_names_where_it_was_made(what):
    found = []
    for name, text in FILES.items():
        lines = enumerate(text.splitlines(), 1)
        found += [f"{name}:{number}: {line.strip()[:100]}" for number, line in lines if what.search(line)]
    assert not found, "\n".join(found)


def test_files_of_mmlab_can_be_read_at_one_sitting():
    lengths = {n: len(t.splitlines()) for n, t in FILES.items() if re.match(r"mmlab/.*\.py$", n)}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}
    assert sum(lines >= 250 for lines in lengths.values()) <= len(lengths) / 2


def test_text_files_end_in_one_newline():
    assert [name for name, text in FILES.items() if text and not re.search(r"\S\n\Z", text)] == []
