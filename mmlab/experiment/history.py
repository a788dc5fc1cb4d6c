"""What Linux did with the mail of September 2006: the releases and threads as a time line, the fourteen ideas as a
scorecard. Facts only, each with its commit or Message-Id; what is remembered and what is inferred says so.
"""

from __future__ import annotations

from typing import NamedTuple

from ..view.drawing import Drawing, LinkedTable
from ..view.milestones import milestones
from ..view.scorecard import scorecard as drawn
from ..view.units import plural

MAIL, TODAY = 2006.72, 2026.5
"""September 2006, and the last message that was looked at (June 2026)"""
RETRY, COUNT = 0, 1
LANES = (
    ("a) let go of the lock, then start again", "point a) of the mail: retry, and say why"),
    ("b) count, so as not to start again", "point b) of the mail: a sequence counter"),
)
COMMIT = "https://git.kernel.org/linus/{}"
MESSAGE = "https://lore.kernel.org/all/{}"


class Milestone(NamedTuple):
    """One event. `at` is the month of the release (or mail) in years; `rows` are the rows of the mail that it realises.

    `sources` are commits or Message-Ids; `design` is the one of ours that runs it; `version_from_memory`: nobody has
    looked that version up.
    """

    at: float
    when: str
    version: str
    sources: tuple[str, ...]
    what: str
    lane: int
    rows: tuple[int, ...]
    fate: str
    design: str = ""
    version_from_memory: bool = False


MILESTONES = (
    Milestone(
        MAIL, "Sep 2006", "the mail", ("20060915001151.75f9a71b.akpm@osdl.org", "45107ECE.5040603@google.com"),
        "drop mmap_sem for the disk, rerun the fault once; one struct with reasons; page locked; tried",
        RETRY, (2, 3, 4, 5, 6, 7, 8, 9), "mail", "posted_2006",
    ),
    Milestone(
        MAIL, "Sep 2006", "the mail", ("20060915001151.75f9a71b.akpm@osdl.org",),
        "nobody shares the mm: do not bother. Or count the write sections: unchanged means go on",
        COUNT, (11, 12), "mail", "sequence_counter",
    ),
    Milestone(
        2006.9, "Nov 2006", "2.6.19", ("7f7bbbe50b8a",), "NOPAGE_REFAULT, for drivers; removed later, unused",
        RETRY, (2,), "removed", "nopage_refault", True,
    ),
    Milestone(
        2007.8, "Oct 2007", "2.6.23", ("54cb8821de07", "d0217ac04ca6"),
        "struct vm_fault; the page comes back locked: VM_FAULT_LOCKED", RETRY, (6, 8), "merged", "",
    ),
    Milestone(
        2011.0, "Jan 2011", "2.6.37", ("d065bd810b6d",), "VM_FAULT_RETRY: drop, wait, start again, once",
        RETRY, (3, 5, 7), "merged", "vm_fault_retry",
    ),
    Milestone(
        2011.55, "Jul 2011", "3.0", ("37b23e0525d3",), "a SIGKILL ends the wait", RETRY, (7,), "merged", "", True,
    ),
    Milestone(
        2012.95, "Dec 2012", "3.7", ("45cac65b0fcd",), "FAULT_FLAG_TRIED, to spare read-ahead's heuristics",
        RETRY, (9,), "merged", "",
    ),
    Milestone(
        2019.35, "May 2019", "5.1", ("6b4c9f446981",), "the lock is dropped for every kind of disk wait",
        RETRY, (3,), "merged", "drop_for_io",
    ),
    Milestone(
        2020.42, "May 2020", "5.7", ("4064b9827063", "8b9a65fd282c"),
        "many retries, signals before each; the page cache still drops only once",
        RETRY, (7, 9), "merged", "retry_many",
    ),
    Milestone(
        2020.6, "Aug 2020", "5.8", (),
        "mmap_sem becomes mmap_lock behind wrappers: one place where a counter can be bumped",
        COUNT, (), "merged", "", True,
    ),
    Milestone(
        2021.33, "Apr 2021", "not merged", ("20210430195232.30491-1-michel@lespinasse.org",),
        "M. Lespinasse: a counter in the mm, bumped at both ends of a write section; off when single-threaded",
        COUNT, (11, 12), "posted", "sequence_counter",
    ),
    Milestone(
        2022.75, "Oct 2022", "6.0", ("d92725256b4f",),
        "VM_FAULT_COMPLETED: done, lock released, nothing to replay (the spirit of row 12)",
        COUNT, (), "merged", "",
    ),
    Milestone(
        2023.48, "Jun 2023", "6.4", ("5e31275cc997",), "per-VMA locks: one bump of mm_lock_seq unlocks all vmas",
        COUNT, (12,), "merged", "per_vma_lock",
    ),
    Milestone(
        2024.02, "Jan 2024", "6.7", ("5d74b2ab2c15", "12214eba1992"),
        "file faults under the vma's lock; after a miss the replay takes mmap_lock",
        RETRY, (3,), "merged", "per_vma_lock",
    ),
    Milestone(
        2025.23, "Mar 2025", "6.14", ("eb449bd96954",), "mm_lock_seq is a seqcount that others may read; faults do not",
        COUNT, (12,), "merged", "mm_lock_seq",
    ),
    Milestone(
        2025.9, "Nov 2025", "RFC", ("20251127011438.6918-1-21cnbao@gmail.com",),
        "B. Song, O. Liyang: replay under the vma's lock. M. Wilcox: then never drop it at all",
        RETRY, (3,), "open", "",
    ),
    Milestone(
        2026.33, "Apr 2026", "v2", ("afNM-gIqxpyJ6ro7@casper.infradead.org",),
        "the same two answers, and fork as the argument between them; last message seen: June 2026",
        RETRY, (3,), "open", "",
    ),
)  # fmt: skip


class Idea(NamedTuple):
    """One row of the mail. `at`: when it came (years), or None; `fate`: came, in part, not, open."""

    number: int
    idea: str
    at: float | None
    fate: str
    became: str


IDEAS = (
    Idea(1, "the problem: mmap_sem held while the disk reads", None, "open",
         "solved for first passes; the replay after the disk still queues (discussed 2025-26)"),
    Idea(2, "NOPAGE_RETRY, answered as VM_FAULT_MINOR", 2006.9, "in part",
         "NOPAGE_REFAULT, 7f7bbbe50b8a: merged for drivers, then removed unused"),
    Idea(3, "drop the lock, wait, start again", 2011.0, "came",
         "VM_FAULT_RETRY, 2.6.37, d065bd810b6d; for every disk wait since 5.1, 6b4c9f446981"),
    Idea(4, "beware: reclaim and DONTNEED can take the page", 2011.0, "came",
         "one retry only, to this day: fault_flag_allow_retry_first, 5.7, 4064b9827063"),
    Idea(5, "retry once, remembered in current->flags", 2011.0, "in part",
         "once: yes (2.6.37); in the flags of the fault, not of the task"),
    Idea(6, "struct pagefault_args as the only argument", 2007.8, "came",
         "struct vm_fault, 2.6.23, 54cb8821de07"),
    Idea(7, "reasons: may retry, retry for I/O, for a signal", 2020.42, "came",
         "piece by piece: ALLOW_RETRY 2.6.37, kills 37b23e0525d3, signals 5.7, 8b9a65fd282c"),
    Idea(8, "a boolean: the page came back locked", 2007.8, "came", "VM_FAULT_LOCKED, 2.6.23, d0217ac04ca6"),
    Idea(9, "a boolean: tried once already", 2012.95, "came",
         "FAULT_FLAG_TRIED, 3.7, 45cac65b0fcd: for read-ahead; as the bound since 5.7"),
    Idea(10, "less code, faster code, less stack", None, "not",
         "no measurement of it is known to us (ours: notebook 07)"),
    Idea(11, "the simple way: nobody shares the mm, just wait", None, "not",
         "only in the unmerged series of 2021, as an off switch"),
    Idea(12, "the better way: a counter, unchanged means go on", 2025.23, "in part",
         "as mass unlock 6.4, 5e31275cc997; as an API 6.14, eb449bd96954; never for file faults [inference]"),
    Idea(13, "all of it together", None, "not", "never as one patch [inference]"),
    Idea(14, "or one more bit in page->flags ;)", None, "not", "never [inference]"),
)  # fmt: skip


def links() -> dict[str, str]:
    """commit or Message-Id -> its address."""
    sources = {source for one in MILESTONES for source in one.sources}
    return {source: (MESSAGE if "@" in source else COMMIT).format(source) for source in sorted(sources)}


def years_after_the_mail(source: str) -> int:
    """Whole years from the mail to the release that a commit or Message-Id stands for; ValueError for one not here."""
    for one in MILESTONES:
        if source in one.sources:
            return int(one.at - MAIL)
    raise ValueError(f"source {source!r} is none of: {', '.join(links())}")


def rows_in_words(rows: tuple[int, ...]) -> str:
    """ "rows 3, 5, 7 of the mail", or nothing."""
    return f"row{'s' * (len(rows) > 1)} {', '.join(map(str, rows))} of the mail" if rows else ""


def history(width: int = 920) -> Drawing:
    """The time line of MILESTONES, in two lanes; its table has links to commits and mails."""
    lane = [one for one in MILESTONES if one.lane == COUNT]
    quiet = lane[1].at - lane[0].at
    merged = [one for one in MILESTONES if one.fate == "merged"]
    api = next(one for one in MILESTONES if "eb449bd96954" in one.sources)
    caption = (
        f"{plural(len(merged), 'step')} merged, {merged[0].version} to {merged[-1].version}: lane a) begins at once, "
        f"lane b) is empty for {int(quiet)} years, and the counter can be read by others in {api.version}, "
        f"{int(api.at - MAIL)} years after the mail."
    )
    events, rows = [], []
    for one in MILESTONES:
        commits = ", ".join(source for source in one.sources if "@" not in source)
        release = one.version[0].isdigit()
        version = f"Linux {one.version}" if release else one.version
        note = "; ".join(part for part in (rows_in_words(one.rows), commits) if part)
        head = f"{version}, {one.when}{' (version from memory)' if one.version_from_memory else ''}"
        events.append({"at": one.at, "lane": one.lane, "head": head, "title": one.what, "note": note, "fate": one.fate})
        rows.append(
            [
                one.when, f"{version}{' (from memory)' if one.version_from_memory else ''}", "ab"[one.lane], one.what,
                ", ".join(map(str, one.rows)) or "-", one.fate, one.design or "-", ", ".join(one.sources) or "-",
            ]
        )  # fmt: skip
    columns = ["when", "version", "lane", "what", "rows", "fate", "our design", "source"]
    told = "; ".join(f"{one.when}: {one.what} ({one.fate})" for one in MILESTONES)
    alt = f"Time line in two lanes, 2006 to 2026. {caption} {told}."
    return milestones(events, LANES, caption, alt, LinkedTable(columns, rows, links()), width)


def scorecard(width: int = 920) -> Drawing:
    """The fourteen rows of the mail: how long each waited, and what became of it."""
    came = [idea for idea in IDEAS if idea.fate in ("came", "in part")]
    slowest = max((idea for idea in IDEAS if idea.fate == "came"), key=lambda idea: idea.at)
    counter = next(idea for idea in IDEAS if idea.number == 12)
    caption = (
        f"Of {len(IDEAS)} rows {len([i for i in came if i.fate == 'came'])} came, "
        f"{len([i for i in came if i.fate == 'in part'])} in part, "
        f"{len([i for i in IDEAS if i.fate == 'not'])} never, {len([i for i in IDEAS if i.fate == 'open'])} is open "
        f"again. The longest way of those that came: row {slowest.number}, {int(slowest.at - MAIL)} years. The counter "
        f"(row {counter.number}): {int(counter.at - MAIL)} years, and not for faults."
    )
    rows = [idea._asdict() for idea in IDEAS]
    columns = ["row", "in the mail", "fate", "years", "what became of it"]
    told = [
        [i.number, i.idea, i.fate, None if i.at is None else round(i.at - MAIL, 1), i.became] for i in IDEAS
    ]  # fmt: skip
    alt = f"Bars from 2006 to the year each idea came. {caption} " + "; ".join(
        f"row {i.number}, {i.idea}: {i.fate}" for i in IDEAS
    )
    return drawn(rows, MAIL, TODAY, caption, alt, LinkedTable(columns, told, links()), width)
