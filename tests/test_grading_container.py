"""The recipe of a container for the grader: what it copies, installs and runs is there."""

import re
import shlex
import tomllib

from grading_helpers import ROOT

RECIPE = ROOT / "docs" / "Containerfile"


def steps():
    """[(instruction, its words)] of the recipe, continued lines joined."""
    text = RECIPE.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], line.split(None, 1)[1]) for line in lines]


def test_the_recipe_has_only_instructions_that_there_are_and_begins_with_a_base():
    assert [name for name, _ in steps()] == [
        "FROM",
        "RUN",
        "WORKDIR",
        "COPY",
        "COPY",
        "RUN",
        "COPY",
        "ENTRYPOINT",
        "CMD",
    ]


def test_everything_that_is_copied_is_in_the_course():
    sources = [word for name, words in steps() if name == "COPY" for word in words.split()[:-1]]
    assert [word for word in sources if not (ROOT / word).exists()] == []
    assert {"mmlab", "solutions", "constraints.txt", "pyproject.toml"} <= set(sources)


def test_the_extras_that_are_installed_are_there_and_python_is_new_enough():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    run = " ".join(words for name, words in steps() if name == "RUN")
    extras = re.search(r"\.\[([\w,]+)\]", run)[1].split(",")
    assert set(extras) <= set(project["optional-dependencies"])
    version = re.search(r"python:3\.(\d+)", dict(steps())["FROM"])[1]
    assert int(version) >= int(project["requires-python"].removeprefix(">=3."))


def test_the_commands_of_the_recipe_and_of_its_page_can_be_read_by_a_shell_and_by_mmlab():
    from mmlab import cli

    for name, words in steps():
        if name == "RUN":
            assert shlex.split(words)
    page = (ROOT / "docs" / "grading-in-a-container.md").read_text(encoding="utf-8").replace("\\\n", " ")
    commands = [shlex.split(line[2:]) for line in page.splitlines() if line.startswith("$ podman run")]
    for command in commands:
        args = cli.parse(command[command.index("mmlab-grade") + 1 :])
        mounted = [word.split(":")[1] for word in command if ":/" in word]
        paths = [args.submissions, args.out, args.key]
        assert all(any(str(path).startswith(there) for there in mounted) for path in paths)
    assert commands
