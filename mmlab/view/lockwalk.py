"""Who holds which lock at each line of a design: found by reading its source text, on every path at once.

A small abstract interpreter. It walks the functions from do_page_fault on with a set of situations instead of one
run: which locks are held, and which named constants the local variables are known to be (so that
`if fault == VM_FAULT_RETRY` splits the paths as the kernel would). Nothing is executed, so lines that no run
happens to reach are covered too. It knows the sleeping calls of mmlab.kernel by name; a call that it does not know
changes no lock. A value that is no named constant is taken to differ from all of them.
"""

import ast
from typing import NamedTuple

from .locksyntax import awaits, called, is_none, learn, on_kernel, source_of, truth, value_of


class Locks(NamedTuple):
    """mmap_sem: "" "read" "write"; page: who has the page lock, "" "A" "disk"; pte: "" or "A"."""

    mmap_sem: str = ""
    page: str = ""
    pte: str = ""


FREE = Locks()

#: what a call does to the locks of the task that makes it
EFFECTS = {
    "down_read": {"mmap_sem": "read"},
    "down_read_killable": {"mmap_sem": "read"},
    "up_read": {"mmap_sem": ""},
    "down_write": {"mmap_sem": "write"},
    "up_write": {"mmap_sem": ""},
    "spin_lock": {"pte": "A"},
    "spin_unlock": {"pte": ""},
    "lock_page": {"page": "A"},
    "unlock_page": {"page": ""},
    "page_cache_read": {"page": "disk"},  # the read is under way and keeps the page locked
    "readpage": {"page": "disk"},
    "wait_on_page_locked": {"page": ""},
    "wait_on_page_locked_killable": {"page": ""},
}

#: what a call may sleep for
SLEEPS = {
    "down_read": "mmap_sem",
    "down_read_killable": "mmap_sem",
    "down_write": "mmap_sem",
    "lock_page": "the disk",
    "wait_on_page_locked": "the disk",
    "wait_on_page_locked_killable": "the disk",
    "page_cache_read": "room in the disk's queue",
    "readpage": "room in the disk's queue",
}

#: the vma's operation and the function of the design that it is
OPERATIONS = {"nopage": "filemap_nopage"}


class Line(NamedTuple):
    """One line of code: where it stands, its text without comments, the situations in which it is reached."""

    function: str
    number: int  # of the function's lines, from 1
    text: str
    locks: frozenset  # of Locks
    sleeps: str  # what it may sleep for, or ""
    asleep: frozenset  # of Locks, while it sleeps


def lock_walk(functions, start="do_page_fault", leave_out=("do_anonymous_page",)):
    """[Line, ...] of `start` and of every function of the design that it calls, in the order of the calls.

    functions: {name: function}, as a Design has them. Raises ValueError when `start` is not among them or a
    function has no source text.
    """
    if start not in functions:
        raise ValueError(f"no function {start!r}; allowed: {', '.join(functions)}")
    walk = _Walk(functions, set(leave_out))
    walk.call(start, FREE)
    return [line for name in walk.order for line in walk.lines_of(name)]


class _Walk:
    def __init__(self, functions, leave_out):
        self.functions, self.leave_out = functions, leave_out
        self.order, self.source, self.answers = [], {}, {}
        self.before, self.asleep, self.why = {}, {}, {}

    def call(self, name, locks):
        """{(locks, answer)}: how the function may come back when it is entered with `locks`."""
        if name in self.leave_out:
            return {(locks, ("...",))}
        if (name, locks) not in self.answers:
            self.answers[name, locks] = set()  # a recursion adds nothing new
            if name not in self.order:
                self.order.append(name)
                self.source[name] = source_of(self.functions[name])
            tree = self.source[name][1]
            answers = self.answers[name, locks]
            through, _, _ = _Body(self, name, answers).run(tree.body, {(locks, frozenset())})
            answers |= {(held, ("None",)) for held, _ in through}  # it ends without a return
        return self.answers[name, locks]

    def lines_of(self, name):
        lines, tree = self.source[name]
        code = {node.lineno: node for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.Await)}
        first = min(number for number in code if (name, number) in self.before)
        found, below = [], frozenset()
        for number in range(len(lines), first - 1, -1):
            text = lines[number - 1]
            if not text.strip():
                continue
            locks = frozenset(self.before.get((name, number), below))  # `else:` is as the line below it
            sleeping = frozenset(self.asleep.get((name, number), ()))
            found.append(Line(name, number, text, locks, self.why.get((name, number), ""), sleeping))
            below = locks
        return found[::-1]


class _Body:
    """The statements of one function, walked with a set of situations: (Locks, facts about local variables)."""

    def __init__(self, walk, name, answers):
        self.walk, self.name, self.answers = walk, name, answers

    def run(self, body, now):
        """Walk `body` from the situations `now`; returns (fall through, break, continue)."""
        broken, continued = set(), set()
        for statement in body:
            if not now:
                break
            now, b, c = self.one(statement, now)
            broken |= b
            continued |= c
        return now, broken, continued

    def one(self, node, now):
        self.reach(node, now)
        if isinstance(node, ast.If):
            yes, no = self.test(node.test, now)
            (a, b1, c1), (b, b2, c2) = self.run(node.body, yes), self.run(node.orelse, no)
            return a | b, b1 | b2, c1 | c2
        if isinstance(node, ast.While):
            return self.loop(node, now), set(), set()
        if isinstance(node, ast.Break):
            return set(), now, set()
        if isinstance(node, ast.Continue):
            return set(), set(), now
        if isinstance(node, ast.Return):
            self.answers.update((locks, answer) for locks, _, answer in self.values(node.value, now))
            return set(), set(), set()
        if isinstance(node, ast.Assign):
            known = self.values(node.value, now)
            return {(locks, learn(facts, node.targets[0], value)) for locks, facts, value in known}, set(), set()
        if isinstance(node, ast.Expr):
            return {(locks, facts) for locks, facts, _ in self.values(node.value, now)}, set(), set()
        return now, set(), set()

    def loop(self, node, now):
        """Go round until no new situation comes back; returns those that leave."""
        seen, left = set(), set()
        while now - seen:
            seen |= now
            yes, no = self.test(node.test, now)
            left |= no
            through, broken, continued = self.run(node.body, yes)
            left |= broken
            now = through | continued
            self.reach(node, now)
        return left

    def reach(self, node, now):
        """Note in which situations the line is reached; one that takes a lock is drawn as having it."""
        calls = {called(a.value) for a in awaits(node)}
        for locks, _ in now:
            if "down_read" in calls or "spin_lock" in calls or "lock_page" in calls:
                locks = _after(calls, locks)
            self.walk.before.setdefault((self.name, node.lineno), set()).add(locks)

    def values(self, node, now):
        """{(locks, facts, value)} after evaluating an expression; a value is a tuple of names."""
        done = set()
        for locks, facts in now:
            outcomes = {(locks, value_of(node, facts))}
            for call in awaits(node):
                outcomes = {after for held, _ in outcomes for after in self.awaited(call, held)}
            done |= {(held, facts, value) for held, value in outcomes}
        return done

    def awaited(self, node, locks):
        name = called(node.value)
        own = OPERATIONS.get(name, name)
        if own in self.walk.functions and on_kernel(node.value):
            return self.walk.call(own, locks)
        if name in SLEEPS:
            self.walk.why[self.name, node.lineno] = SLEEPS[name]
            self.walk.asleep.setdefault((self.name, node.lineno), set()).add(locks)
        return {(_after({name}, locks), ("...",))}

    def test(self, node, now):
        """(situations in which the test may be true, ... may be false)."""
        after = {(locks, facts) for locks, facts, _ in self.values(node, now)}
        yes = {s for s in after if truth(node, s[1]) is not False}
        no = {s for s in after if truth(node, s[1]) is not True}
        if called(node) == "PageUptodate" or is_none(node):  # the read is over, or there is no page after all
            yes = {(locks._replace(page="") if locks.page == "disk" else locks, facts) for locks, facts in yes}
        return yes, no


def _after(calls, locks):
    for name in calls:
        locks = locks._replace(**EFFECTS.get(name, {}))
    return locks
