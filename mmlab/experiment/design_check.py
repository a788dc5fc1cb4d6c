"""Is a design safe and live? Every interleaving of some small worlds, the cheap ones first, until one breaks."""

from __future__ import annotations

import io
from collections.abc import Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from html import escape

from ..designs import Design
from ..engine.report import as_bug
from ..kernel.bug import KernelBug
from ..view.table import Table
from ..view.units import plural
from .criteria import GUP
from .exploration import Verdict, explore
from .progress import bar
from .scenario import Scenario
from .verdict_views import known
from .worlds import World, world_of

NOWAIT = World("get_user_pages alone, without waiting", (), system_calls=("gup nowait",))
WORLDS = (
    "one fault", "a fault and an unmap", "a cached page and a remap", "a fault and a protection",
    "a fault and a read error", "a fault without memory", "a bad address", "a fault and a truncate",
    "a fault under DONTNEED", "a fault and a signal", "a fault and a kill", "a kernel-mode fault and a kill",
    "a kernel-mode fault and a signal", GUP, NOWAIT, "a fault, then get_user_pages", "two faults",
    "a fault under DONTNEED and mmap", "two faults and a remap",
)  # fmt: skip
"""a usual design is through in a few seconds; each of mmlab's wrong designs is found in one of them, but for the one
whose counter comes round"""
THOROUGH = (
    *WORLDS, "get_user_pages", "get_user_pages without waiting", "a fault under reclaim", "two faults on two pages",
    "two faults, a remap and DONTNEED", "three faults",
)  # fmt: skip
"""minutes instead of seconds"""
NOT_ASKED = (
    "Not asked: more threads or pages at once, a counter that comes round, memory that is not sequentially consistent."
)
MOST_STATES = 200_000
"""of one world: a correct design with a lock and a counter for each vma needs 170,000, an endless loop any number"""
PRINTED = 5
"""lines of what the design prints that are shown"""
FAILED, CUT_OFF, HOLDS = "broken", "not known", "holds"


@dataclass(repr=False)
class DesignCheck:
    """What the explorer says of `design` in `worlds`, in order; it stopped at the first world that breaks.

    `finding` and `counterexample` are those of that world, or None. `early` is a finding that needed no explorer.
    `printed`: what the design's code printed meanwhile; `notes` are sentences that whoever asked wants to add.
    """

    design: str
    worlds: tuple[World, ...]
    verdicts: list[Verdict] = field(default_factory=list)
    early: KernelBug | None = None
    printed: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def broken(self) -> Verdict | None:
        """The verdict of the world that breaks the design, if there is one."""
        return next((v for v in self.verdicts if v.safe is False or v.live is False), None)

    @property
    def finding(self) -> KernelBug | None:
        """What is wrong."""
        return self.early or (self.broken.finding if self.broken else None)

    @property
    def counterexample(self):
        """The shortest interleaving in which it goes wrong, or None."""
        return None if self.early or not self.broken else self.broken.counterexample

    @property
    def safe(self) -> bool | None:
        """Whether no rule is broken in any of the worlds; None if a search was cut off."""
        if self.early is not None or any(v.safe is False for v in self.verdicts):
            return False
        return None if any(v.safe is None for v in self.verdicts) else True

    @property
    def live(self) -> bool | None:
        """Whether every fault is resolved in the end; None if that is not known."""
        if self.early is not None or self.safe is False:
            return None
        if any(v.live is False for v in self.verdicts):
            return False
        return True if self.safe and all(v.live for v in self.verdicts) else None

    @property
    def killable(self) -> bool | None:
        """Whether a SIGKILL ends every wait for the disk; None if that was not asked."""
        asked = [v.killable for v in self.verdicts if v.world.kill and v.killable is not None]
        return all(asked) if asked and self.holds else None

    @property
    def holds(self) -> bool:
        """Whether all worlds were searched through and nothing was found."""
        return len(self.verdicts) == len(self.worlds) and self.safe is True and self.live is True

    @property
    def states(self) -> int:
        """How many states of the kernel were looked at."""
        return sum(v.states for v in self.verdicts)

    @property
    def bounds(self) -> str:
        """What "safe" covers, in the order of the worlds."""
        said = dict.fromkeys(world.bounds.partition("; sequentially")[0] for world in self.worlds)
        return "; or ".join(said).replace("; a file of 2 pages", "") + "; each time a file of 2 pages."

    @property
    def sentence(self) -> str:
        """The outcome in one or two sentences."""
        if self.early is not None:
            return f"{self.design}: {self.early.kind}. It shows in an ordinary run; no explorer was needed."
        left = len(self.worlds) - len(self.verdicts)
        rest = f" Stopped there: {left} of {len(self.worlds)} worlds were not asked." if left else ""
        if self.broken is not None:
            what = "not safe" if self.safe is False else "safe so far, but not live"
            return f"{what.capitalize()}. {self.broken.sentence}.{rest}"
        if self.safe is None:
            cut = next(v for v in self.verdicts if not v.complete)
            return f"Not known. {cut.sentence}. Either it is large, or something in it never ends.{rest}"
        words = {
            True: " A SIGKILL ends every wait for the disk.",
            False: " It pays a price: a thread with a SIGKILL goes on sleeping for the disk.",
            None: "",
        }
        return (
            f"{self.design}: safe and live within these bounds: every interleaving of {len(self.worlds)} small worlds, "
            f"{self.states:,} states.{words[self.killable]}"
        )

    def table(self) -> Table:
        """A row for each world, with how much it covers; "safe" means within these bounds and no further."""
        rows = []
        for world, verdict in zip(self.worlds, [*self.verdicts, *[None] * len(self.worlds)], strict=False):
            covers = world.bounds.partition("; ")[0]
            if verdict is None:
                rows.append([world.name, covers, "not asked", "not asked", None, None])
                continue
            killable = known(verdict.killable) if world.kill else None
            rows.append(
                [world.name, covers, known(verdict.safe), known(verdict.live), killable, verdict.states]
            )  # fmt: skip
        return Table(["small world", "who is there", "safe", "live", "killable", "states"], rows)

    def remarks(self) -> list[str]:
        """The notes, and what the code printed."""
        lines = self.printed.splitlines()
        if not lines:
            return list(self.notes)
        shown = " / ".join(line[:80] for line in lines[:PRINTED])
        return [*self.notes, f"It printed {len(lines):,} lines while it was asked, beginning: {shown}"]

    def __str__(self) -> str:
        parts = [self.sentence, *self.remarks()]
        if self.finding is not None:
            parts += ["", self.finding.report()]
        else:
            parts += ["", str(self.table()), NOT_ASKED]
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        parts = [f"<p><strong>{escape(self.sentence)}</strong></p>", *(f"<p>{escape(r)}</p>" for r in self.remarks())]
        if self.finding is not None:
            parts.append(f'<pre style="overflow-x:auto">{escape(self.finding.report())}</pre>')
        if self.counterexample is not None:
            parts.append(self.counterexample.picture()._repr_html_())
        if self.verdicts and self.early is None:
            parts.append(f"{self.table()._repr_html_()}<p>{escape(NOT_ASKED)}</p>")
        return {"text/plain": str(self), "text/html": "".join(parts)}

    def as_dict(self) -> dict:
        """For JSON."""
        return {
            "safe": self.safe, "live": self.live, "killable": self.killable, "holds": self.holds,
            "sentence": self.sentence, "states": self.states, "worlds": [world.name for world in self.worlds],
            "finding": self.finding and self.finding.kind,
        }  # fmt: skip


def check(
    design: Design, worlds: Iterable[str | World] | None = None, *, thorough: bool = False,
    progress: bool | None = None,
) -> DesignCheck:  # fmt: skip
    """Run `design` once, then explore `worlds` (WORLDS, or THOROUGH) in order, and stop at the first that breaks.

    What it prints meanwhile is kept, not shown. Raises ValueError for unknown worlds, with the nearest right spelling.
    """
    chosen = tuple(world_of(one) for one in (worlds or (THOROUGH if thorough else WORLDS)))
    found = DesignCheck(design.name, chosen)
    out = io.StringIO()
    with redirect_stdout(out), bar(f"{design} in {plural(len(chosen), 'world')}", progress) as tell:
        early = try_out(design)
        if early is not None and isinstance(early, KernelBug) and early.kind in AT_ONCE:
            found.early = early
        while found.early is None and len(found.verdicts) < len(chosen):
            world = chosen[len(found.verdicts)]
            try:
                verdict = explore(design, world, most=MOST_STATES, progress=False)
            except SystemExit:
                found.early = leaves()
                break
            found.verdicts.append(verdict)
            if tell is not None:
                tell(len(found.verdicts) / len(chosen))
            if not verdict.complete or verdict.safe is False or verdict.live is False:
                break
        if found.early is None and found.broken is None:
            found.early = early
    found.printed = out.getvalue()
    return found


AT_ONCE = ("never awaited", "soft lockup", "leaves Python")
"""what an ordinary run tells better than an interleaving would"""


def try_out(design: Design) -> KernelBug | None:
    """Two threads and a looper for a moment: what goes wrong in an ordinary run, or None."""
    try:
        Scenario(design=design, fault_threads=2, disk="1ms").run(0.005, progress=False, keep=0)
    except KernelBug as bug:
        return bug
    except SystemExit:
        return leaves()
    except ValueError as error:
        if not getattr(error, "__notes__", None):
            raise  # the Scenario refused the design: its name, for one
        return as_bug(error)
    except Exception as error:
        return as_bug(error)
    return None


def leaves() -> KernelBug:
    """What to say of sys.exit and its like."""
    return KernelBug("leaves Python", "the design calls sys.exit or exit", "a page fault ends with `return`")
