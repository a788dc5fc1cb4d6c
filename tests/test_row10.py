"""Row 10: arguments, lines and stack are counted, and where the mail's hope does not come true that is said."""

import json
import shutil
from pathlib import Path

import pytest

from mmlab import cli, designs
from mmlab.experiment import row10
from mmlab.experiment.row10 import stack

FOUND = row10.measure()


def with_compiled(**changes):
    usage = {"many": dict.fromkeys(stack.CHAIN, 16), "one": dict.fromkeys(stack.CHAIN, 8)}
    values = {"gcc": "gcc 1", "stack": usage, "ns": {"many": 10.0, "one": 8.0}, "spread": {}, **changes}
    return row10.Row10(FOUND.arguments, FOUND.lines, stack.Compiled(**values))


def test_arguments_are_those_of_the_designs_without_the_machine():
    assert FOUND.arguments["handle_pte_fault"] == (5, 1)
    assert FOUND.arguments["do_page_fault"] == (2, 2)
    assert FOUND.passed == (18, 6)


def test_lines_are_those_of_the_diffs():
    assert list(FOUND.lines) == [name for name in designs.series if name != "synchronous"]
    added, removed, functions = FOUND.lines["unshared_mm"]
    assert (added, removed, functions) == (1, 1, 1)
    assert "1 functions changed, 1 lines added, 1 removed" in designs.diff("pagefault_args", "unshared_mm").stat_text()


def test_hopes_that_come_true_and_hopes_that_do_not():
    assert [row10.hope(1, 2), row10.hope(2, 1), row10.hope(2, 2), row10.hope(102, 100, 0.03)] == [
        "Yes", "No", "The same", "The same",
    ]  # fmt: skip
    said = "\n".join(with_compiled().verdict())
    assert "Less stack? Yes: 80 bytes with many arguments, 40 with one" in said
    assert "Faster? Yes: 10.00 ns" in said and "Less code? No" in said
    assert "Faster? No: 10.00 ns" in "\n".join(with_compiled(ns={"many": 10.0, "one": 11.0}).verdict())


def test_without_gcc_there_is_one_clear_line(monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert cli.main(["row10"]) == 0
    out = capsys.readouterr().out
    assert out.count("there is no gcc on this machine") == 1 and "handle_pte_fault" in out
    assert cli.main(["row10", "--json"]) == 0
    assert "no gcc" in json.loads(capsys.readouterr().out)["compiled"]


def fake_gcc(tmp_path, monkeypatch, script):
    fake = tmp_path / "gcc"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(fake))


def test_a_gcc_that_fails_is_one_clear_line(tmp_path, monkeypatch):
    fake_gcc(tmp_path, monkeypatch, "echo 'stdio.h: No such file' >&2; exit 1")
    assert stack.compile_and_run() == "stack and speed are not measured: gcc fails on many.c: stdio.h: No such file"


def test_programs_are_run_in_turn_and_medians_taken(tmp_path, monkeypatch):
    # This compiler makes programs that write down when they ran and say how long they took.
    log = tmp_path / "log"
    fake_gcc(
        tmp_path,
        monkeypatch,
        f"""[ "$1" = --version ] && echo 'gcc 9' && exit
for last; do :; done
name=${{last#./}}
for f in {" ".join(stack.CHAIN)}; do printf 'x.c:1:2:%s\\t16\\tstatic\\n' $f; done > $name.su
printf '#!/bin/sh\\necho %s >> {log}; echo "$(wc -l < {log}) 7"\\n' $name > $name; chmod +x $name""",
    )
    found = stack.compile_and_run(calls=1, rounds=3)
    assert log.read_text().split() == ["many", "one"] * 3
    assert found.ns == {"many": 3.0, "one": 4.0} and found.total("one") == 80 and found.gcc == "gcc 9"


def test_the_stack_usage_file_of_gcc_is_read():
    line = "many.c:17:30:filemap_nopage\t8\tstatic\nmany.c:24:30:do_no_page\t24\tdynamic,bounded\n"
    assert stack.read_usage(line) == {"filemap_nopage": 8, "do_no_page": 24}


def test_both_programs_do_the_same_work_where_there_is_a_gcc():
    found = stack.compile_and_run(calls=1000, rounds=2)
    if shutil.which("gcc"):
        assert isinstance(found, stack.Compiled), found
        assert all(set(stack.CHAIN) <= set(usage) for usage in found.stack.values())
    else:
        assert found == stack.NO_GCC


@pytest.mark.parametrize("name", ["many.c", "one.c", "clock.h"])
def test_the_c_files_lie_beside_the_code_that_compiles_them(name):
    assert (Path(stack.__file__).parent / name).is_file()


def test_the_table_shows_arguments_stack_lines_and_verdict():
    out = str(with_compiled())
    assert "arguments in retry_once" in out and "stack, many.c (bytes)" in out and "lines added" in out
    assert with_compiled().as_dict()["passed"] == (18, 6)
