"""pyproject.toml, constraints.txt and environment.yml say the same (this does not prove the conda solve)."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYPI_NAMES = {"matplotlib-base": "matplotlib"}  # where conda-forge names a package otherwise
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())
CONSTRAINTS = (ROOT / "constraints.txt").read_text()


def required(*extras):
    """{canonical name: SpecifierSet} of mmlab's own dependencies and those of these extras."""
    lines = PROJECT["dependencies"] + [r for e in extras for r in PROJECT["optional-dependencies"][e]]
    return {canonicalize_name(r.name): r.specifier for r in map(Requirement, lines)}


def conda_packages():
    """{PyPI name: SpecifierSet} of what conda installs, without python and pip."""
    found = {}
    for line in (item for item in CONDA["dependencies"] if isinstance(item, str)):
        name, _, versions = line.partition(" ")
        found[canonicalize_name(PYPI_NAMES.get(name, name))] = SpecifierSet(versions)
    return {name: versions for name, versions in found.items() if name not in ("python", "pip")}


def pins():
    """{canonical name: [versions]} of constraints.txt; a name has several lines where systems differ."""
    found = {}
    for line in CONSTRAINTS.splitlines():
        pin = Requirement(line)
        [exact] = pin.specifier
        assert exact.operator == "==", line
        found.setdefault(canonicalize_name(pin.name), []).append(exact.version)
    return found


def test_conda_installs_what_a_learner_needs_in_the_ranges_of_pyproject():
    assert conda_packages() == required("course")


def test_conda_uses_a_python_of_the_range_of_pyproject():
    [line] = [item for item in CONDA["dependencies"] if str(item).startswith("python ")]
    assert SpecifierSet(line.partition(" ")[2]) == SpecifierSet(PROJECT["requires-python"])


def test_conda_installs_mmlab_itself_with_the_course_extra():
    [by_pip] = [item["pip"] for item in CONDA["dependencies"] if isinstance(item, dict)]
    assert by_pip == ["-e .[course]"]
    assert "pip" in CONDA["dependencies"]


def test_conda_uses_only_the_community_channel():
    assert CONDA["channels"] == ["conda-forge", "nodefaults"]


def test_every_conda_package_has_a_tested_version_in_its_range():
    tested = pins()
    for name, versions in conda_packages().items():
        assert all(versions.contains(version) for version in tested[name]), name


@pytest.mark.parametrize("extra", sorted(PROJECT["optional-dependencies"]))
def test_every_requirement_has_a_tested_version_in_its_range(extra):
    tested = pins()
    for name, versions in required(extra).items():
        assert all(versions.contains(version) for version in tested[name]), name


def test_constraints_hold_names_and_versions_but_no_address():
    assert not re.search(r"/|@|:|^\s*[-#]|\.(com|org|io|net)\b", CONSTRAINTS, re.M)


def test_mmlab_alone_needs_only_simpy():
    assert set(required()) == {"simpy"}
