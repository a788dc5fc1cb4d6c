"""Work that is more alike than the exercise makes it."""

import re
import zipfile

import pytest
from grading_helpers import ROOT, hand_in, notebook, wrong

from mmlab import cli
from mmlab.grading.fingerprints import K, W, fingerprints, tokens
from mmlab.grading.similar import report, similar

OWN = '''
def my_rule(mm, vma, seen, counted):
    """Mine."""
    budget = 3
    for step in range(budget):
        if mm.mm_users > step and counted[step] % 7 == 3 and not seen.get(vma):
            seen[vma] = counted[step] * budget + step
            counted.append(seen[vma] // 2)
        elif step in seen and counted[-1] < budget:
            return seen[step] - counted[-1]
    return sum(counted) if seen else None

async def do_page_fault(k, address, write_access):
    return my_rule(k.current.mm, address, {}, [])
'''
DISGUISED = re.sub(
    r"\bstep\b", "i", OWN.replace("my_rule", "helper").replace("seen", "cache").replace("budget", "most")
)
DISGUISED = DISGUISED.replace('"""Mine."""', '"""Wholly mine,\n    all of it."""').replace(
    "    most = 3", "\n    most = 3  # three"
)


@pytest.fixture
def compare(tmp_path):
    def compare(**texts):
        for student, text in texts.items():
            hand_in(tmp_path / "in", student, notebook(text))
        found = similar(tmp_path / "in", solutions=ROOT / "solutions", released=ROOT / "exercises")
        return found, {(pair.one, pair.other): pair.share for pair in found.pairs}

    return compare


def test_new_names_comments_and_layout_hide_nothing(compare):
    assert DISGUISED != OWN
    _, pairs = compare(ann=OWN, bob=DISGUISED, cid="async def do_page_fault(k, address, write_access):\n    return 3\n")
    assert pairs == {("ann", "bob"): 1.0}


def test_a_copied_part_in_own_work_is_found(compare):
    other = OWN.split("async def")[0] + wrong("never drops")[0].replace(
        "await mm.", "my_rule(mm, 1, {}, [1])\n        await mm.", 1
    )
    _, pairs = compare(ann=OWN, bob=other)
    assert pairs[("ann", "bob")] > 0.6


def test_the_solution_the_stub_and_shipped_designs_are_nobodys(compare, tmp_path):
    import json

    for folder, students in (("solutions", ("ann", "bob")), ("exercises", ("cid", "dan"))):
        text = (ROOT / folder / "ex4" / "ex4.ipynb").read_text()
        for student in students:
            hand_in(tmp_path / "in", student, json.dumps(json.loads(text)))
    shipped = (ROOT / "mmlab" / "designs" / "series" / "nopage_retry.py").read_text()
    assert compare(eve=shipped, fay=shipped)[1] == {}


def test_what_much_of_the_class_writes_says_nothing(compare):
    assert compare(**{f"s{number}": OWN for number in range(12)})[1] == {}


def test_two_tokens_sequences_of_the_promised_length_are_found():
    shared = "a = b + c(d) * e[f] - g.h / i ** j & k"
    assert len(tokens(shared, frozenset())) >= K + W - 1
    one = {passage.print for passage in fingerprints(f"x = 1 if y else 2\n{shared}\nz = w\n")}
    other = {
        passage.print for passage in fingerprints(f"for v in range(9):\n    print(v, v)\n{shared}\nreturn_ = []\n")
    }
    assert one & other


def test_the_page_shows_both_and_marks_what_they_share(compare, tmp_path):
    found, _ = compare(ann=OWN + "\nx = '<script>'\n", **{"b<b": DISGUISED})
    report(found, tmp_path / "similar.html")
    page = (tmp_path / "similar.html").read_text()
    assert page.count("<mark>") > 15 and "b&lt;b" in page and "<script" not in page


def test_what_is_no_notebook_or_no_python_stops_nothing(compare, tmp_path):
    hand_in(tmp_path / "in", "eve", "{")
    found, pairs = compare(ann="def f(:\n", bob="'''never closed", cid=OWN, dan=OWN)
    assert list(pairs) == [("cid", "dan")] and found.left_out[0].startswith("eve ex4: ")


def test_a_share_that_is_none_and_a_zip_that_is_not_there_are_refused(tmp_path):
    with pytest.raises(ValueError, match="a share above 0"):
        similar(tmp_path, least=0)
    with pytest.raises(ValueError, match="is not there"):
        similar(tmp_path / "x.zip")
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("ann_ex4.ipynb", notebook(OWN))
    assert similar(tmp_path / "in.zip").pairs == []


def test_the_command_tells_the_pairs_and_writes_the_page(compare, tmp_path, capsys):
    compare(ann=OWN, bob=DISGUISED)
    to = tmp_path / "similar.html"
    assert cli.main(["similar", str(tmp_path / "in"), "--out", str(to), "--folder", str(ROOT)]) == 0
    said = capsys.readouterr().out
    assert "2 submissions compared, 1 pair is alike" in said and "100%  ex4  ann and bob" in said and to.exists()
    assert cli.main(["similar", str(tmp_path / "in"), "--folder", str(ROOT), "--json", "--exercise", "ex4"]) == 0
    assert '"share": 1.0' in capsys.readouterr().out
    assert cli.main(["similar", str(tmp_path / "in"), "--exercise", "ex44"]) == 2
