"""Processes that lie to the protocol: what the trusted side is told is checked before anything relies on it."""

from __future__ import annotations

from mmlab.grading.score import GRADED, PARTLY

from .entry import ACCESS, FAULT, SEARCH, SEEN_SEARCH, Entry, armed, fault, first, search

BOTH = SEARCH + ACCESS
SERVER = "import os, sys, time; server = sys._getframe(1).f_locals['self']"


def forges(name: str, tries: str, line: str, reads: str, points: float = ACCESS) -> Entry:
    """A function that writes this reply, bytes in which `n` is the number of the request, and waits."""
    work = first(SERVER, "n = server.current", f"os.write(server.replies, {line})", "time.sleep(600)")
    return Entry(name, tries, work, GRADED, points, reads)


def says(name: str, tries: str, reply: str, reads: str) -> Entry:
    """The same for a reply of the right number: `reply` is the inside of a JSON object."""
    return forges(name, tries, f"b'{{{reply}, \"n\": %d}}\\n' % n", reads)


def wicked(name: str, tries: str, work, reads: str, points: float = SEARCH, status: str = GRADED) -> Entry:
    """A fault handler that is judged; by default it earns nothing of FAULT."""
    return Entry(name, tries, work, status, points, reads)


def handler(*lines: str, before: str = "") -> tuple[str, ...]:
    """A do_page_fault of these lines alone, and a search_vmas that is right."""
    imports, _, right = fault()
    body = "".join(f"    {line}\n" for line in lines)
    return imports, f"{before}async def do_page_fault(k, address, write_access):\n{body}", right


def awaits(name: str, tries: str, yielded: str, reads: str, points: float = SEARCH) -> Entry:
    """A handler that awaits something of its own, which yields this."""
    before = (
        "from mmlab.worker.conversation import Question\n"
        f"class Forged:\n    def __init__(self, k): self.k = k\n    def __await__(self): yield {yielded}\n"
    )
    return wicked(name, tries, fault("await Forged(k)", before=before), reads, points)


UNMAPS = 1
"""what is looked at in every interleaving alone, where no time passes"""
FACES = """
import sys
def is_conversation():
    frame = sys._getframe()
    while frame:
        if frame.f_code.co_name == "converse":
            return True
        frame = frame.f_back
    return False
"""
HISTORY = """
import sys
def is_watched():
    frame = sys._getframe()
    while frame.f_code.co_name not in ("converse", "drive"):
        frame = frame.f_back
    if frame.f_code.co_name == "converse":
        return True
    return any(question[-1] == "comm" for question, _ in frame.f_locals["history"])
"""
ONE_SHAPE = armed(
    "from mmlab.worker import serving",
    "honest = serving.stop_reply",
    "def stop_reply(stop):",
    "    reply = honest(stop)",
    "    return {**reply, 'shape': 'ab', 'handles': []} if reply.get('shape') else reply",
    "serving.stop_reply = stop_reply",
)
OWN_SERVER = "\n".join((
    "import json, os, sys",
    "requests, replies = os.fdopen(int(sys.argv[1]), 'rb'), int(sys.argv[2])",
    "n = int(sys.argv[3])",
    "while True:",
    "    os.write(replies, b'{\"value\": 0, \"n\": %d}\\n' % n)",
    "    n = json.loads(requests.readline())['n']",
))  # fmt: skip

PROTOCOL = [
    Entry("replies-on-stdout", "prints replies of the protocol", search(
        "for n in range(2, 40): print('{\"value\": 0, \"n\": %d}' % n, flush=True)", "return 77"), GRADED, ACCESS,
        "answers 77"),
    forges("replies-twice", "replies to this question and to the next", "b'{\"value\": 0, \"n\": %d}\\n' % n"
           " + b'{\"value\": 0, \"n\": %d}\\n' % (n + 1)", "it replied before it was asked", points=0),
    forges("replies-out-of-turn", "replies to the next question", "b'{\"value\": 0, \"n\": %d}\\n' % (n + 1)",
           "it replied out of turn"),
    forges("replies-to-nothing", "a reply without a number", "b'{\"value\": 0}\\n'", "it replied out of turn"),
    forges("number-is-text", "a reply whose number is a text", "b'{\"value\": 0, \"n\": \"%d\"}\\n' % n",
           "it replied out of turn"),
    forges("reply-is-no-json", "a reply that is no JSON", "b'value = 0\\n'", "its reply is not JSON"),
    forges("reply-is-binary", "a reply of arbitrary bytes", "bytes(range(128, 256)) + b'\\n'", "its reply is not JSON"),
    forges("reply-is-deep", "a reply nested 50,000 deep", "b'[' * 50_000 + b'\\n'", "its reply is not JSON"),
    forges("reply-is-a-list", "a reply that is a list", "b'[0, 1]\\n'", "its reply is not a JSON object"),
    Entry("reply-without-end", "a reply of 5 MB without an end", first(
        SERVER, "os.set_blocking(server.replies, True)",
        "for _ in range(100): os.write(server.replies, b'x' * 50_000)"), GRADED, ACCESS, "longer than 1,048,576 bytes"),
    Entry("reply-in-drops", "a reply of a byte every fifth of a second", first(
        SERVER, "while True: os.write(server.replies, b'x'); time.sleep(0.2)"), PARTLY, ACCESS,
        "has not come back to the kernel"),
    says("value-is-float", "a number that is not whole, on the wire", '"value": 0.5', "numbers are whole"),
    says("value-is-nan", "NaN on the wire", '"value": NaN', "numbers are whole"),
    says("value-is-object", "an object on the wire", '"value": {"a": 1}', "there are no objects"),
    says("value-of-no-kind", "a value of a kind that does not exist", '"value": ["x", 1]', "its answer is no value"),
    says("value-is-a-struct", "a struct of the kernel for a number", '"value": ["h", "mm", "mm_struct"]',
         "its answer is no value"),
    says("float-of-no-size", "a float that overflows", '"value": ["f", "0x1p99999"]', "its answer is no value"),
    says("key-is-a-list", "a dict whose key is a list", '"value": ["d", [["l"], 1]]', "its answer is no value"),
    says("value-of-many-bits", "a number of 70 bits on the wire", '"value": 1180591620717411303424',
         "a number of more than 64 bits"),
    says("says-it-is-loaded", "a reply to another question", '"loaded": true', "something that was not asked for"),
    says("says-it-hangs", "says that it hangs, so that its 0 should not be earned",
         '"stop": "raise", "what": ["worker hangs", "no fault of mine", ""]', "worker breaks the protocol"),
    says("says-it-crashed", "says that it crashed", '"stop": "raise", "what": ["worker crashed", "again, please", ""]',
         "worker breaks the protocol"),
    says("raises-without-a-name", "an exception whose name is markup",
         '"stop": "raise", "what": ["<b>20 of 20</b>", ""]', "does not say which"),
    says("stands-nowhere", "an exception at a line that is none",
         '"stop": "raise", "what": ["ValueError", ""], "place": ["f", "x", 1]', "does not say at which"),
    says("markup-for-a-place", "an exception at a line that is markup",
         '"stop": "raise", "what": ["ValueError", ""], "place": ["f", 1, "</code><script>alert(1)</script>"]',
         "</code><script>alert(1)</script>"),
    Entry("server-of-its-own", "runs a server of its own in place of the worker's, which answers 0 always", search(
        SERVER, f"os.execv(sys.executable, [sys.executable, '-c', {OWN_SERVER!r}, str(server.requests.fileno()),"
        " str(server.replies), str(server.current)])"), GRADED, 0, "answers 0"),
    Entry("patched-json", "replaces json in its process", search("return 77", before=armed(
        "import json", "json.dumps = json.JSONEncoder.encode = lambda *_: '{\"value\": 0}'",
        "json.loads = json.JSONDecoder.decode = lambda *_: {}") + "def unused(): return armed\n"), GRADED, ACCESS,
        "answers 77"),
    Entry("traced", "a trace function that makes every result 0", search(
        "sys.settrace(lambda *_: None)", "sys.setprofile(lambda *_: 0)", "return 77", before="import sys\n"), GRADED,
        ACCESS, "answers 77"),
    Entry("import-hook", "an import hook that gives modules of its own", search(
        "sys.meta_path.insert(0, Hook())", "import mmlab.checks.kinds", "return mmlab.checks.kinds.right",
        before="import sys\nclass Hook:\n    def find_spec(self, name, *_): raise ImportError('mine: ' + name)\n"),
        GRADED, ACCESS, "mine: mmlab.checks"),
    Entry("pokes-memory", "writes over Python's small numbers, so that -5 is 0", search(
        "ctypes.c_int.from_address(id(-5) + 24).value = 0", "return -5", before="import ctypes\n"), GRADED, ACCESS,
        "answers 0"),
    Entry("writes-proc-mem", "writes into /proc/1/mem", first("open('/proc/1/mem', 'r+b')"), GRADED, ACCESS,
          "Permission denied"),

    wicked("plain-def", "def in place of async def", (
        fault()[0], "def do_page_fault(k, address, write_access):\n    pass\n", fault()[2]), "async def"),
    wicked("returns-at-once", "returns and does nothing", handler("return"),
           "has come back to the same fault 20 times"),
    wicked("says-it-is-done", "does nothing, and counts the fault as done", handler("k.current.min_flt += 1"),
           "has come back to the same fault 20 times"),
    wicked("counts-a-million", "counts a fault a million times", fault("k.current.maj_flt += 1_000_000"),
           "fault counted twice"),
    wicked("leaves-the-lock", "keeps mmap_sem", handler(
        "await k.current.mm.mmap_sem.down_read()", "return"), "lock leaked"),
    wicked("frees-a-lock-of-nobody", "lets go of mmap_sem, which it has not", fault(
        "await k.current.mm.mmap_sem.up_read()"), "released by a stranger"),
    wicked("forgets-await", "forgets an await", fault("k.current.mm.mmap_sem.down_read()"), "never awaited"),
    wicked("charges-for-ever", "uses no time for ever", handler("while True: await charge(0)"),
           "awaits in a row that ask nothing"),
    wicked("asks-for-ever", "asks one question for ever, and has not the lock for it", handler(
        "while True: await find_vma(k.current.mm, address)"), "lock not held"),
    wicked("handler-exits", "os._exit in the fault handler", fault("import os; os._exit(7)"),
           "ended with exit status 7", status=PARTLY),
    wicked("handler-sleeps", "sleeps in the fault handler", fault("import time; time.sleep(600)"),
           "has not come back to the kernel", status=PARTLY),
    wicked("handler-loops", "loops in the fault handler", fault("while True: pass"), "soft lockup"),
    wicked("asyncio", "awaits asyncio's sleep", fault("import asyncio; await asyncio.sleep(0)"), "foreign awaitable"),
    awaits("yields-nothing", "awaits what yields nothing", "None", "foreign awaitable"),
    awaits("yields-text", "awaits what yields a text", "'done'", "foreign awaitable"),
    awaits("yields-negative-time", "gives time back", "-1_000", "ns of cpu time", SEARCH + UNMAPS),
    awaits("yields-all-time", "uses a century at once", "10**18", "ns of cpu time", SEARCH + UNMAPS),
    awaits("yields-a-forged-signal", "asks the kernel to send a signal", "Question("
           "('send_sig', 'SIGKILL', ('h', 'me', 'task_struct')), None)", "not a fault handler's to call"),
    awaits("yields-a-forged-struct", "asks about a struct that it was never given", "Question("
           "('put_page', ('h', 77, 'page')), None)", "which this call was never given"),
    awaits("yields-a-forged-question", "asks what does not exist", "Question("
           "('full_marks', 20), None)", "does not exist"),
    wicked("writes-a-field", "puts a lock of its own into mm_struct", fault("k.current.mm.mmap_sem = None"),
           "AttributeError"),
    wicked("says-it-is-dead", "says of itself that it has come to its end", fault(
        "k._asker.ask('set', (k.current, 'exit_code', 'SIGKILL'))", "return"), "asks set in a way that does not exist"),
    wicked("reaches-inside", "takes the struct behind a handle", fault(
        "object.__setattr__(k.current, 'min_flt', 10)", "k.current.__dict__['held'] = ()"), "Error"),
    wicked("raises-systemexit", "raises SystemExit in the fault handler", fault("raise SystemExit(0)"), "SystemExit"),
    wicked("another-face-when-asked-again", "does its work in a run, and nothing when asked again", fault(
        "if not is_conversation(): return", before=FACES), "answers differently when asked again", SEEN_SEARCH),
    wicked("another-face-by-its-history", "the same, but for those whose histories it knows from a run", fault(
        "k.current.mm", "if not is_watched(): return", "k.current.comm", before=HISTORY),
        "answers differently when asked again", SEEN_SEARCH),
    wicked("every-other-fault", "looks at one field more at every other fault", fault(
        "calls.append(1)", "if len(calls) % 2 == 0: k.current.mm.mm_users", before="calls = []\n"),
        "answers differently when asked again", SEEN_SEARCH),
    wicked("one-shape", "tells the explorer that it stands at the same place at all times", fault(
        "armed", before=ONE_SHAPE), "unknown struct", SEARCH + 7),
]  # fmt: skip
assert FAULT == 11
