"""Answers that pretend: objects that are equal to everything, values that cannot be told, answers that do not stay."""

from __future__ import annotations

from mmlab.grading.score import GRADED

from .entry import ACCESS, RIGHT_ACCESS, SEARCH, SEEN_SEARCH, Entry, armed, first, search

BOTH = SEARCH + ACCESS
NO_NUMBER = "where a number, a text"
AGAIN = "answers differently when asked again"


def worth(name: str, tries: str, work, reads: str, points: float = ACCESS, **more) -> Entry:
    """One that is judged; the wicked function earns nothing unless `points` say so."""
    return Entry(name, tries, work, GRADED, points, reads, **more)


def answers(name: str, tries: str, value: str, reads: str, before: str = "", **more) -> Entry:
    """A function that answers this, whatever it is asked."""
    return worth(name, tries, search(f"return {value}", before=before), reads, **more)


def like(*lines: str, of: str = "object") -> str:
    """A class with these lines."""
    return f"class Like({of}):\n" + "".join(f"    {line}\n" for line in lines)


def seen_table() -> tuple[str, ...]:
    """Answers to the six seen cases, found by their addresses; every other is wrong."""
    table = "{0x1000: 0, 0x2FFF: 0, 0x3000: 1, 0x4000: 1, 0xA000: None}"
    return (
        f"def search_vmas(vmas, address):\n    return {table}.get(address, 5) if vmas else None\n", RIGHT_ACCESS
    )  # fmt: skip


RIGHT = "next((n for n, (_, end, _) in enumerate(vmas) if address < end), None)"

VALUES = [
    answers("always-equal", "an object that is equal to everything", "Like()", NO_NUMBER,
            like("def __eq__(self, other): return True", "def __hash__(self): return 0")),
    answers("never-unequal", "an object that is unequal to nothing, smaller and larger than everything", "Like()",
            NO_NUMBER, like("def __ne__(self, other): return False",
                            "__lt__ = __gt__ = __le__ = __ge__ = lambda *_: True")),
    answers("int-subclass", "a number of its own kind, equal to every other", "Like(7)", NO_NUMBER,
            like("def __eq__(self, other): return True", "def __sub__(self, other): return 0",
                 "def __hash__(self): return 0", of="int")),
    answers("str-subclass", "a text of its own kind", "Like('0')", NO_NUMBER,
            like("def __eq__(self, other): return True", "def __hash__(self): return 0", of="str")),
    answers("list-subclass", "a list of its own kind", "Like([0])", NO_NUMBER,
            like("def __eq__(self, other): return True", "def __len__(self): return 10**9", of="list")),
    answers("lying-class", "an object that says of itself that it is a number", "Like()", NO_NUMBER,
            like("@property", "def __class__(self): return int", "def __index__(self): return 0",
                 "def __int__(self): return 0", "def __float__(self): return 0.0")),
    answers("hostile-index", "an object whose __index__ and __hash__ raise", "Like()", NO_NUMBER,
            like("def __index__(self): raise SystemExit", "def __hash__(self): raise SystemExit")),
    answers("hostile-getattr", "an object that has every attribute, itself", "Like()", "Error",
            like("def __getattr__(self, name): return self", "def __call__(self, *_): return self")),
    answers("imitates-numpy", "an object like a number of numpy's, whose number is another such object", "Like()",
            "RecursionError", like("ndim = 0", "dtype = 'int'", "def item(self): return Like()")),
    answers("nan", "not a number, which is unlike nothing", "float('nan')", "answers nan"),
    answers("infinity", "infinity", "float('inf')", "answers inf"),
    answers("true-for-one", "True in place of 1, False in place of 0", "False", "answers False"),
    answers("right-as-float", "0.0 and 1.0 in place of 0 and 1, which is no mistake",
            f"(lambda found: None if found is None else float(found))({RIGHT})", "", points=BOTH, innocent=True),
    answers("right-as-text", "'0' in place of 0", f"str({RIGHT})", "answers '0'", innocent=True),
    answers("all-answers-at-once", "a list of all answers", "[0, 1, 2, None]", "answers [0, 1, 2, None]"),
    answers("none", "nothing", "None", "answers None", innocent=True),
    answers("generator", "a generator", "(n for n in (0, 1))", NO_NUMBER),
    worth("async-function", "async def in place of def", (
        f"async def search_vmas(vmas, address):\n    return {RIGHT}\n", RIGHT_ACCESS), NO_NUMBER, innocent=True),
    answers("bytes", "a pickle that runs a command when it is opened", "pickle.dumps(Like())", NO_NUMBER,
            "import os, pickle\n" + like("def __reduce__(self): return os.system, ('touch /tmp/@TOKEN@',)")),
    answers("a-hundred-bits", "a number of a hundred bits", "1 << 100", "more than 64 bits"),
    answers("endless-list", "a list that is its own first part", "(lambda it: it.append(it) or it)([])",
            "RecursionError"),
    answers("deep-list", "a list 500 deep", "eval('[' * 150 + ']' * 150)", "too many parts"),
    answers("long-list", "a list of a million numbers", "list(range(1_000_000))", "longer than 1,048,576 bytes"),
    answers("very-long-text", "a text of 100 MB", "'x' * 100_000_000", "MemoryError"),
    answers("long-text", "a text of 5,000 characters", "'x' * 5_000", "a text of 5,000 characters"),
    answers("half-a-character", "half a character", r"'\ud800'", r"answers '\ud800'"),
    answers("script", "a script, for whoever reads the feedback", "'<script>alert(1)</script>'",
            "answers '<script>alert(1)</script>'"),
    answers("terminal", "escape sequences for a terminal", r"'\x1b[2J\x1b]0;owned\x07'", r"answers '\x1b[2J"),
    worth("formula", "an exception whose text a spreadsheet would run", (
        "armed = exec(\"raise ValueError('=HYPERLINK(1)')\")\n"
        "def search_vmas(vmas, address, armed=armed):\n    return 0", RIGHT_ACCESS), "=HYPERLINK(1)", 0),
    worth("long-message", "an exception of a million characters", first("raise ValueError('no' * 500_000)"),
          "Your code raised ValueError: nonono"),
    worth("exception-that-cannot-be-told", "an exception whose text raises", first("raise Like()", before=like(
        "def __str__(self): raise SystemExit", "__repr__ = __str__", of="Exception")), "Your code raised SystemExit"),
    worth("claims-of-others", "an exception that says that the grader failed", first(
        "raise type('infrastructure error', (Exception,), {})('20 of 20 points')"), "does not say which"),
    worth("seen-cases-only", "a table of the answers to the seen cases", seen_table(), "answers 5",
          ACCESS + SEEN_SEARCH),
    worth("counts-calls", "answers by the number of the call, right in the order of the seen cases", search(
        "calls.append(1)", "return (0, 0, 1, 1, None, None, 9)[min(len(calls), 7) - 1]",
        before="calls = []\n"), AGAIN, 0),
    worth("wears-out", "right five times in each process, and then not", search(
        "calls.append(1)", f"return {RIGHT} if len(calls) < 6 else 9", before="calls = []\n"), AGAIN, 0),
    worth("once-for-all", "the answer of the first call, for all", search(
        "kept.append(0)", "return kept[0]", before="kept = []\n"), "answers 0"),
    worth("state-in-a-file", "keeps its count in a file", search(
        "import os", "open('/tmp/count', 'a').write('x')", "count = os.path.getsize('/tmp/count')",
        "return (0, 0, 1, 1, None, None, 9)[min(count, 7) - 1]"), AGAIN, 0),
    worth("clock", "the clock for an answer", search("import time; return time.monotonic_ns() & 1023 | 64"), AGAIN, 0,
          volatile=True),
    worth("dice", "right, with a random number of its own process in it when asked for the second time", search(
        f"found = {RIGHT}", "calls.append(1)", "if len(calls) > 1 and calls[0] == 2: return luck",
        "return found if address != 0x4000 or vmas[0][0] != 0x1000 else found + 1e-12 * luck",
        before="import os\nluck = int.from_bytes(os.urandom(2), 'big')\ncalls = []\n"), AGAIN, 0,
        volatile=True),
    worth("patched-same", "replaces the comparison of answers, and Check, in its own process", search(
        "return 77", before=armed(
            "import sys, types",
            "for name in ('mmlab.checks', 'mmlab.checks.kinds', 'mmlab.checks.outcome', 'mmlab.grading'):",
            "    sys.modules[name] = types.ModuleType(name)",
            "    sys.modules[name].same = sys.modules[name].holds = lambda *_: True",
        ) + "armed\n"), "answers 77"),
    worth("shadowed-mmlab", "a mmlab of its own, where everything is right", search(
        "return mmlab.search(vmas, address)", before="class mmlab:\n    search = staticmethod(lambda *_: 77)\n"),
        "answers 77"),
    worth("patched-builtins", "replaces len, isinstance, type and print", search("return 77", before=armed(
        "import builtins",
        "builtins.isinstance = lambda *_: True",
        "builtins.len = lambda *_: 1",
        "builtins.print = lambda *_, **__: None",
    ) + "def unused(): return armed\n"), "answers 77"),
]  # fmt: skip
