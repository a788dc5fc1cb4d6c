"""Whatever code does in a worker, it becomes a finding: crash, hang, flood, lies, and state kept elsewhere."""

import json
import re
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest

import mmlab
from mmlab.engine.explore import ask_again
from mmlab.engine.explore.code import Stop
from mmlab.kernel.handle import STEPS
from mmlab.worker import Limits, WorkerBug, remote, rules
from mmlab.worker.lines import from_line
from mmlab.worker.trouble import CRASH, FLOOD, HANG, LIE, Untrue

QUICK = Limits(cpu=0.3, answer=1.0, line=100_000, printed=100_000)
SHORT = {"disk": "60us", "fault_threads": 1, "seed": 3}
HANDLER = """
import os, signal, sys, time
from mmlab.kernel import VM_FAULT_MINOR, pte_none
{before}

async def handle_pte_fault(k, mm, vma, address, page_table, write_access):
    {evil}
    if await pte_none(page_table, address):
        return await k.do_no_page(mm, vma, address, page_table, write_access)
    return VM_FAULT_MINOR
"""
ASK = '{"stop": "ask", "what": [%s]}'
SHAPE = '{"stop": "ask", "what": ["put_page", ["h", 0, "page"]], %s}'
LIAR = """
from mmlab.worker import serving
honest = serving.Server.write
def write(self, reply):
    is_it = reply.get("stop") == "ask" and reply["what"][0] == "pte_none"
    {lie}
    honest(self, reply)
serving.Server.write = write
"""


def cell(evil="pass", before=""):
    """A handler of two faces."""
    return HANDLER.format(evil=evil, before=before)


def liar(lie):
    """A handler whose process lies about one question."""
    return cell(before=LIAR.format(lie=lie))


def explored(source, base="synchronous", world="one fault", limits=QUICK):
    """The finding of an exploration; the worker is another one afterwards if the first one is dead."""
    with remote(base, source, limits=limits) as there:
        verdict = mmlab.explore(there, world)
        assert verdict.safe is False
        return verdict.finding


def timed(source, base="synchronous", limits=QUICK):
    """The finding of a timed run."""
    with remote(base, source, limits=limits) as there, pytest.raises(mmlab.KernelBug) as caught:
        mmlab.Scenario(design=there, **SHORT).run(seconds=0.001)
    return caught.value


BAD = {
    "os._exit(7)": (CRASH, "exit status 7"),
    "os.kill(os.getpid(), signal.SIGKILL)": (CRASH, "SIGKILL"),
    "os.closerange(3, 100) or time.sleep(1000)": (CRASH, "closed the pipe"),
    "time.sleep(1000)": (HANG, "for 1 s"),
    "print('x' * 1_000_000)": (FLOOD, "printed more than 100,000 bytes"),
}


@pytest.mark.parametrize("evil", BAD)
def test_code_that_harms_its_process_is_a_finding_with_a_way_to_it(evil):
    kind, words = BAD[evil]
    with remote("synchronous", cell(evil), limits=QUICK) as there:
        verdict = mmlab.explore(there, "one fault")
        assert (verdict.safe, verdict.finding.kind) == (False, kind)
        assert words in verdict.finding.detail
        assert verdict.counterexample.schedule[-1] == "fault0"


@pytest.mark.parametrize("evil", ["os._exit(7)", "time.sleep(1000)"])
def test_code_that_harms_its_process_ends_a_timed_run(evil):
    found = timed(cell(evil))
    assert found.kind == BAD[evil][0]
    assert found.task == "fault0"


def test_an_endless_loop_is_broken_off_and_its_line_is_named():
    source = cell("while True: pass")
    patient = replace(QUICK, answer=30.0)  # on a busy machine its processor time takes long
    for found in (explored(source, limits=patient), timed(source, limits=patient)):
        assert found.kind == "soft lockup"
        assert found.where[0] == "handle_pte_fault"
        assert found.where[2] == "while True: pass"


def test_a_loop_that_will_not_be_broken_off_is_killed():
    found = explored(cell("signal.setitimer(signal.ITIMER_VIRTUAL, 0)\n    while True: pass"))
    assert found.kind == HANG


@pytest.mark.parametrize("evil", ["sys.exit()", "input()"])
def test_an_exception_of_any_kind_is_a_finding_and_leaves_the_worker_alive(evil):
    with remote("synchronous", cell(evil), limits=QUICK) as there:
        process = there.worker.process
        verdict = mmlab.explore(there, "one fault")
        assert verdict.finding.kind == "Python error"
        assert verdict.finding.where[0] == "handle_pte_fault"
        assert there.worker.process is process


def test_a_dead_worker_is_started_again():
    source = cell("os._exit(1) if address < 0x2000_0000 else None")
    with remote("synchronous", source, limits=QUICK) as there:
        for n in (1, 2):
            assert mmlab.explore(there, mmlab.World(f"world {n}", (0, n))).finding.kind == CRASH
        assert there.worker.incarnation >= 2


LIES = {
    "[]": "not a JSON object",
    "{": "not JSON",
    "[" * 100_000: "not JSON",
    '{"stop": "return", "what": 3.5}': "float",
    '{"stop": "return", "what": NaN}': "float",
    '{"stop": "return", "what": {"a": 1}}': "dict",
    '{"stop": "return", "what": 36893488147419103232}': "64 bits",
    '{"stop": "return", "what": "%s"}' % ("x" * 5000): "5,000 characters",
    '{"stop": "return", "what": [[[[[[[[[[[[1]]]]]]]]]]]]}': "too many parts",
    '{"stop": "return", "what": [%s0]}' % ("1," * 500): "too many parts",
    '{"stop": "return", "what": ["c", "os"]}': "neither a number",
    '{"stop": "return", "what": ["h", "mm"]}': "neither a number",
    '{"stop": "done"}': "a way that does not exist",
    '{"stop": ["ask"]}': "a way that does not exist",
    '{"stop": "raise", "what": [1]}': "does not say which",
    '{"stop": "raise", "what": ["a b", ""]}': "does not say which",
    '{"stop": "raise", "what": ["worker hangs", "no fault of mine", ""]}': "seen from outside",
    '{"stop": "return", "place": ["f", "x", 1]}': "does not say at which",
    '{"stop": "ask"}': "not a question",
    '{"stop": "ask", "what": []}': "not a question",
    '{"stop": "ask", "what": [["c", "os"]]}': "not a question",
    ASK % '"pte_nine", ["h", "mm", "mm_struct"]': "there is 'pte_none'",
    ASK % '"send_sig", "SIGKILL", ["h", "me", "task_struct"]': "not a fault handler's",
    ASK % '"fail_next_allocation", ["h", "k", "Machine"]': "not a fault handler's",
    ASK % '"call", "do_page_fault", 1, false': "does not exist",
    ASK % '"leave", ["h", "k", "Machine"], "fault"': "does not exist",
    ASK % '"__class__", ["h", "mm", "mm_struct"]': "does not exist",
    ASK % '"put_page", ["h", 77, "page"]': "never given",
    ASK % '"put_page", ["h", true, "page"]': "neither a number",
    ASK % '"put_page", ["h", 0, "vm_area_struct"]': "never given",
    ASK % '"put_page", ["h", "data", "address_space"]': "never given",
    ASK % '"put_page", ["h", "mm", "mm_struct"]': "put_page with mm_struct for page",
    ASK % '"put_page"': "wrong number of arguments: 0",
    ASK % '"find_vma", ["h", "mm", "mm_struct"], "x"': "must be a number",
    ASK % '"find_vma", ["h", "mm", "mm_struct"], 1, 2': "wrong number of arguments: 3",
    ASK % '"lock_page", ["h", 0, "page"], "dead"': "must be one of",
    ASK % '"down_read", ["h", 0, "page"]': "does not exist",
    ASK % '"get", ["h", "mm", "mm_struct"], "pgd"': "asks get",
    ASK % '"get", 5, "pgd"': "asks get",
    ASK % '"get"': "asks get",
    ASK % '"set", ["h", "me", "task_struct"], "held", ["t"]': "asks set",
    ASK % '"set", ["h", "me", "task_struct"], "flags", "x"': "asks set",
    ASK % '"set", ["h", "me", "task_struct"], "exit_code", "SIGKILL"': "asks set",
    ASK % '"count", ["h", "mm", "mm_struct"], "%", 2': "asks count",
    ASK % '"count", ["h", 1, "counter"], "%", 0': "asks count",
    ASK % '"count", ["h", 1, "counter"], "*", 2': "asks count",
    ASK % '"bug", ["h", "k", "Machine"], 1': "asks bug",
    ASK % '"bug", ["h", "k", "Machine"], "a", "b", "c", ["t", 1]': "asks bug",
    SHAPE % '"shape": 5, "handles": []': "tells the shape",
    SHAPE % '"shape": "ab", "handles": null': "tells the shape",
    SHAPE % '"shape": "ab", "handles": [0, 0]': "tells the shape",
    SHAPE % '"shape": "ab", "handles": [["t"]]': "never given",
    SHAPE % '"shape": "ab", "handles": [3]': "never given",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_reply_that_cannot_be_true_is_refused(lie):
    known = {**rules.ALWAYS, 0: "page", 1: "counter"}
    with pytest.raises(Untrue, match=re.escape(LIES[lie])):
        rules.stop_of(from_line(lie.encode()), known, 1)


LIED = {
    "if is_it: reply = {**reply, 'what': ['put_page', ['h', 77, 'page']]}": (LIE, "never given"),
    "if is_it: self.current += 1": (LIE, "out of turn"),
    "if is_it: os.write(self.replies, b'{\"n\": %d}\\n' % (self.current + 1))": (LIE, "out of turn"),
    "if is_it: reply = {**reply, 'what': 'x' * 200_000}": (FLOOD, "longer than 100,000 bytes"),
}


@pytest.mark.parametrize("lie", LIED)
def test_a_process_that_lies_is_found_out_by_both_engines(lie):
    for found in (explored(liar(lie)), timed(liar(lie))):
        assert type(found) is WorkerBug
        assert found.kind == LIED[lie][0]
        assert LIED[lie][1] in found.detail


def test_questions_without_end_in_one_breath_are_a_finding():
    look = "self.look({'stop': 'ask', 'what': ['get', ['h', 'mm', 'mm_struct'], 'mm_users']})"
    found = timed(liar(f"if is_it: [{look} for _ in range(3000)]"))
    assert (found.kind, "one breath" in found.detail) == (LIE, True)


def test_shapes_that_merge_different_places_are_found_out():
    """Both passes of retry_once ask for mmap_sem; only the shape tells that the second one knows that it waited."""
    assert mmlab.explore("retry_once", "one fault").holds
    lie = "if reply.get('shape') and reply['what'][0] == 'down_read': reply = {**reply, 'shape': 'ab'}"
    found = explored(liar(lie), "retry_once")
    assert found.kind == "answers differently when asked again"
    assert "maj_flt" in found.detail


def test_a_struct_that_was_said_to_be_forgotten_cannot_be_used():
    found = explored(liar("if reply.get('shape'): reply = {**reply, 'handles': []}"))
    assert found.kind == "unknown struct"


COUNTS = "calls.append(1)\n    if len(calls) == {n}: return VM_FAULT_MINOR"


def test_state_in_a_global_is_found_by_asking_again():
    found = explored(cell(COUNTS.format(n=5), "calls = []"))
    assert found.kind == "answers differently when asked again"
    assert "a global" in found.advice


def test_state_that_an_earlier_exploration_set_off_for_good_is_found_all_the_same():
    """In the process that knows both worlds each call of the second one answers alike."""
    source = cell("if write_access: calls.append(1)\n    elif calls: await pte_none(page_table, address)", "calls = []")
    with remote("synchronous", source, limits=QUICK) as there:
        assert mmlab.explore(there, mmlab.World("a write", (0,), writes=True)).holds
        assert mmlab.explore(there, "one fault").finding.kind == "answers differently when asked again"


def test_what_is_only_the_same_within_one_process_is_found_by_a_fresh_one():
    before = "from random import SystemRandom\nfrom mmlab.kernel import find_vma\nluck = SystemRandom().getrandbits(30)"
    found = explored(cell("await find_vma(mm, luck)", before))
    assert found.kind == "answers differently when asked again"


def test_state_in_a_global_is_found_in_a_timed_run_by_asking_again():
    source = cell("calls.append(1)\n    if len(calls) % 7 == 0: await pte_none(page_table, address)", "calls = []")
    with remote("synchronous", source, limits=QUICK) as there:
        mmlab.Scenario(design=there, **SHORT).run(seconds=0.001)
        with pytest.raises(mmlab.KernelBug, match="answers differently when asked again"):
            there.ask_again()


LAZY_WHEN_ASKED_AGAIN = """
import sys
from mmlab.kernel import VM_FAULT_MAJOR, find_vma, good_area

async def do_page_fault(k, address, write_access):
    frame = sys._getframe()
    while frame and frame.f_code.co_name != "converse":
        frame = frame.f_back
    if frame is None:
        return
    tsk = k.current
    await tsk.mm.mmap_sem.down_read()
    vma = await find_vma(tsk.mm, address)
    await good_area(vma, address, write_access)
    if await k.handle_mm_fault(tsk.mm, vma, address, write_access) == VM_FAULT_MAJOR:
        tsk.maj_flt += 1
    else:
        tsk.min_flt += 1
    await tsk.mm.mmap_sem.up_read()
"""


def test_another_way_to_the_same_answer_is_found_by_asking_again():
    with remote("synchronous", LAZY_WHEN_ASKED_AGAIN, limits=QUICK) as there:
        mmlab.Scenario(design=there, **SHORT).run(seconds=0.001)
        with pytest.raises(mmlab.KernelBug, match="answers differently when asked again"):
            there.ask_again()


def test_time_without_end_that_is_used_in_no_time_is_a_finding():
    found = timed(cell("while True: await charge(0)", "from mmlab.kernel import charge"))
    assert (found.kind, "awaits in a row" in found.detail) == ("soft lockup", True)


def test_no_reply_can_do_more_than_be_refused():
    """Replies put together at random from what replies are made of."""
    dice = Random(1)
    known = {**rules.ALWAYS, 0: "page", 1: "vm_area_struct", 2: "pte_table", 3: "counter", 4: "rw_semaphore"}
    handles = [["h", *pair] for pair in known.items()] + [["h"], ["h", [], "page"], ["h", 9, "page"]]
    atoms = [
        0,
        1,
        -1,
        1 << 62,
        1 << 70,
        True,
        None,
        "mm",
        "flags",
        "mmap_seq",
        "+",
        "killable",
        "SIGKILL",
        2.5,
        {},
        "\ud800",
    ]
    names = [*STEPS, "down_read", "spin_lock", "get", "set", "count", "bug", "bug_answer", "h", "t", "c", "call"]

    def anything(depth=0):
        if dice.random() < 0.8 or depth > 3:
            return dice.choice(handles + atoms)
        return [dice.choice(["t", "c", "h", 1]), *(anything(depth + 1) for _ in range(dice.randrange(4)))]

    accepted = 0
    for _ in range(20_000):
        reply = {
            "stop": dice.choice(["ask", "ask", "return", "raise", None, [1]]),
            "what": [dice.choice(names), *(anything() for _ in range(dice.randrange(5)))],
            "shape": dice.choice([None, "ab", 1]),
            "handles": dice.choice([None, [], [0], [0, 0], [[1]], [True]]),
            "place": dice.choice([None, ["f", 1, "x"], ["f", True, "x"], 1]),
        }
        with suppress(Untrue):
            accepted += bool(rules.stop_of(from_line(json.dumps(reply).encode()), known, 1))
    assert 50 < accepted < 2_000


def test_asking_again_finds_a_difference_at_any_place_and_behind_any_merge():
    tree = mmlab.explore("retry_once", "one fault").search.stage.tree
    ask_again(tree, tree.run)
    behind = [(merge.function, merge.history) for merge in tree.merges]
    assert len(behind) > 0
    for function, history in [*((place.function, place.history) for place in tree.places), *behind]:

        def other(*call, changed=(*function, history)):
            return Stop("return", "something else") if call == changed else tree.run(*call)

        with pytest.raises(mmlab.KernelBug, match="answers differently when asked again"):
            ask_again(tree, other)
