"""What the notebooks say in words follows from what the same notebooks show."""

import json

import notebook_hygiene as hygiene
import pytest
from notebook_claims import CLAIMS
from notebook_outputs import Shown, Tables

NOTEBOOKS = {path.stem[:2]: path for path in sorted((hygiene.ROOT / "notebooks").glob("*.ipynb"))}


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_what_a_notebook_says_in_words_follows_from_its_outputs(number):
    notebook = json.loads(NOTEBOOKS[number].read_text(encoding="utf-8"))
    said = " ".join(" ".join(hygiene.text(cell["source"]) for cell in notebook["cells"]).split())
    claims = list(CLAIMS[number](Shown(notebook)))
    assert [words for words, holds in claims if not holds] == []
    assert [words for words, _ in claims if words not in said] == [], "said no more: change the claim, too"


def test_a_claim_that_the_outputs_no_longer_bear_is_found():
    stored = NOTEBOOKS["04"].read_text(encoding="utf-8")
    slower = json.loads(stored.replace(">28,200<", ">18,200<"))
    assert "Half as many again" in [words for words, holds in CLAIMS["04"](Shown(slower)) if not holds]


def test_a_table_is_read_with_its_columns_and_numbers():
    head = "<tr><th>disk</th><th>one fault</th></tr>"
    page = f"<table><caption>7 of 9</caption>{head}<tr><th>100us</th><td>1,250 s</td></tr></table>"
    assert Tables.of(page) == [[{"disk": 100.0, "one fault": 1250.0}]]
