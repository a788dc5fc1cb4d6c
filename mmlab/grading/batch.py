"""Grading a folder of submissions: each once, whatever interrupts it, and nothing in one of them stops the others."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..checks.exercises import exercise, names
from ..experiment.progress import counted
from . import cgroup, sandbox, store, table
from .classkey import class_key, default, fingerprint
from .engines import Cluster, Local
from .intake import Rejected, take
from .layouts import Found, Harvest, harvest, read_students
from .plain import shown
from .score import MISSING, REJECTED, STATUSES, TROUBLE, Score
from .scoring import Examined, Job, Stopped, score_of
from .store import Basis
from .unseen import CHECKS, checks_of, unseen_source
from .versions import checks_version

GRADES, DETAILS = "grades.csv", "details.csv"


@dataclass
class Summary:
    """What a batch did. `unlisted` are students who are not on the list, `absent` those on it of whom nothing is there;
    `changed` are (student, exercise, points before, points now); `only_watched`: there are no control groups here, so
    that the memory of a submission's processes together is watched, not limited."""

    folder: Path
    graded: Counter = field(default_factory=Counter)
    kept: int = 0
    stray: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    changed: list[tuple] = field(default_factory=list)
    other_key: int = 0
    new_key: Path | None = None
    only_watched: bool = False

    @property
    def troubles(self) -> int:
        """Submissions that could not be graded for no fault of their own."""
        return self.graded[TROUBLE]

    def as_dict(self) -> dict:
        """For JSON."""
        return {
            "folder": str(self.folder),
            "graded": {status: self.graded[status] for status in STATUSES if self.graded[status]},
            "kept": self.kept,
            "stray": self.stray,
            "refused": self.refused,
            "unlisted": self.unlisted,
            "absent": self.absent,
            "changed": self.changed,
            "other_key": self.other_key,
        }


class Halted(ValueError):
    """The batch could not go on; the message says why, and what is kept."""


def grade(
    submissions: Path | str, out: Path | str, *, exercises: list[str] | None = None, unseen: Path | str = CHECKS,
    key: Path | str | None = None, workers: int | None = None, dask: str | None = None, unsafe: bool = False,
    students: Path | str | None = None, only: list[str] | None = None, again: bool = False,
    progress: bool | None = None, after: Callable[[list[Score], Path, list[Found]], None] | None = None,
) -> Summary:  # fmt: skip
    """Grade what is in a folder or zip and keep the scores in the folder `out`; what is graded already stays.

    exercises: only these. unseen: the folder of the unseen checks. key: the file of the class key, made when it is not
    there; scores that another key made are an error, unless they all are made `again`. workers, dask: how many
    submissions at once here, or the address of a scheduler. unsafe: no sandbox. students: the file of a list, so that
    who handed in nothing is told. only: grade no students but these. again: also what is graded already. after: called
    once, with all scores of the folder and what was handed in, while that is still at hand.

    Raises ValueError, in one line, for what is not as it must be, OSError, Halted, and KeyboardInterrupt; what was
    graded by then is kept, and the same call goes on.
    """
    for name in exercises or ():
        exercise(name)
    if not unsafe and dask is None:
        sandbox.command()
    listed = read_students(students) if students is not None else []
    engine = Cluster(dask) if dask is not None else Local(workers)
    out = Path(out)
    if out.resolve().is_relative_to(Path(submissions).resolve()):
        raise ValueError(f"--out {out} lies in {submissions}, and would be taken for something handed in: give another")
    with harvest(submissions, names()) as there, store.held(out):
        key = Path(key if key is not None else default())
        secret, is_new = class_key(key)
        batch = Batch(out, secret, unseen, unsafe, again)
        batch.summary.new_key = key if is_new else None
        batch.summary.only_watched = dask is None and not cgroup.possible()
        batch.summary.stray = there.stray
        batch.summary.unlisted = sorted(there.students - set(listed)) if listed else []
        batch.summary.absent = sorted(set(listed) - there.students)
        found = [
            one
            for one in there.found
            if (not exercises or one.exercise in exercises) and (not only or one.student in only)
        ]
        strangers = sorted(set(only or ()) - there.students)
        if strangers:
            raise ValueError(f"nothing was handed in by {', '.join(map(repr, strangers))}")
        batch.summary.other_key = batch.made_with_another_key(found)
        if batch.summary.other_key and (only or not again):
            if is_new:
                key.unlink()
            raise ValueError(
                f"{key} {'is not there, and is not' if is_new else 'is not'} the class key that "
                f"{batch.summary.other_key} scores in {out} were made with: give that one with --key, or give mmlab "
                "regrade without --student, which makes the scores of all anew"
            )
        handed_in = table.in_order({one.exercise for one in found} | set(exercises or ()))
        batch.prepare(handed_in)
        try:
            with engine as running, counted("graded", len(found), progress) as tell:
                batch.run(found, running, lambda student: tell(shown(student)))
        except KeyboardInterrupt:
            batch.tables()
            done = sum(batch.summary.graded.values())
            raise Interrupted(f"interrupted: {done} graded just now are kept, and the same command goes on") from None
        if not only:
            batch.miss(there, listed, handed_in)
        batch.tables()
        if after is not None and (out / store.RESULTS).is_dir():
            after(store.results(out), out, there.found)
    return batch.summary


class Interrupted(KeyboardInterrupt):
    """Ctrl-C; the message says what is kept."""


class Batch:
    """A batch under way."""

    def __init__(self, out: Path, secret: str, unseen: Path | str, unsafe: bool, again: bool) -> None:
        self.out, self.secret, self.folder, self.unsafe, self.again = out, secret, unseen, unsafe, again
        self.print = fingerprint(secret)
        self.summary = Summary(out)
        self.unseen: dict[str, str] = {}
        self.versions: dict[str, str] = {}

    def prepare(self, exercises: list[str]) -> None:
        """Read the unseen checks. Raises ValueError before anything is graded."""
        for name in exercises:
            self.unseen[name] = unseen_source(name, self.folder)
            checks_of(name, self.unseen[name])
            self.versions[name] = checks_version(self.unseen[name])

    def made_with_another_key(self, found: list[Found]) -> int:
        """How many of these have a result that follows from another class key."""
        before = [store.known(self.out, one.student, one.exercise) for one in found]
        return sum(one[1].key not in ("", self.print) for one in before if one)

    def run(self, found: list[Found], engine: Local | Cluster, tell) -> None:
        """Grade them all; those that have to be looked at alone at the end, one after the other."""
        alone: list[tuple[Job, Examined]] = []
        under_way: dict = {}
        try:
            for job in self.jobs(found, tell):
                under_way[engine.submit(job)] = job
                while len(under_way) >= 2 * engine.workers:
                    self.take_finished(engine, under_way, alone, tell)
            while under_way:
                self.take_finished(engine, under_way, alone, tell)
            for job, before in sorted(alone, key=lambda one: (one[0].student, one[0].exercise)):
                future = engine.submit(job, before)
                engine.wait([future])
                score, done = outcome(future, job)
                self.keep(score, done.trouble)
                tell(score.student)
        except OSError as error:
            done = sum(self.summary.graded.values())
            where = f" ({error.filename})" if error.filename else ""
            raise Halted(
                f"stopped: {error.strerror or error}{where}; {done} graded just now are kept, and the same command "
                "goes on with the rest"
            ) from None

    def jobs(self, found: list[Found], tell) -> Iterator[Job]:
        """What is still to be scored; what needs no scoring is dealt with on the way."""
        for one in found:
            try:
                taken = Rejected(one.refused) if one.refused else take(one.path)
            except FileNotFoundError:
                self.summary.stray.append(f"{one.path}: it was there at the beginning, and is not there any more")
                tell(one.student)
                continue
            except OSError as error:
                self.keep(self.plain(one, TROUBLE, "The file cannot be read on the grader's machine."), str(error))
                tell(one.student)
                continue
            basis = self.basis(one.exercise, taken.content)
            before = store.known(self.out, one.student, one.exercise)
            if before and before[1] == basis and before[0].status not in (TROUBLE, MISSING) and not self.again:
                self.summary.kept += 1
                tell(one.student)
            elif isinstance(taken, Rejected):
                note = f"{taken.reason} ({one.note})" if one.note else taken.reason
                self.keep(self.plain(one, REJECTED, note, taken.content))
                tell(one.student)
            else:
                yield Job(
                    one.student, one.exercise, taken.cells, self.secret, taken.content, one.note,
                    self.unseen[one.exercise], self.unsafe, taken.answers, self.versions[one.exercise],
                )  # fmt: skip

    def take_finished(self, engine, under_way: dict, alone: list, tell) -> None:
        """Keep the scores that are there, and put aside what has to be looked at alone."""
        for future in engine.wait(under_way):
            job = under_way.pop(future)
            score, done = outcome(future, job)
            if done.again or done.trouble:
                alone.append((job, done))
            else:
                self.keep(score)
                tell(score.student)

    def keep(self, score: Score, trouble: str = "") -> None:
        """Write a score, and log what went wrong."""
        if trouble:
            store.log(self.out, f"{score.student!r} {score.exercise}: {score.status}\n{trouble}\n")
        before = store.known(self.out, score.student, score.exercise)
        store.write(self.out, score, self.basis(score.exercise, score.content))
        self.summary.graded[score.status] += 1
        if score.status == REJECTED:
            self.summary.refused.append(f"{score.student!r} {score.exercise}: {score.note}")
        if before and before[0].status not in (MISSING, TROUBLE) and before[0].points != score.points:
            self.summary.changed.append((score.student, score.exercise, before[0].points, score.points))

    def basis(self, name: str, content: str) -> Basis:
        """What a score of this batch follows from."""
        return Basis(content, self.versions.get(name, ""), self.print)

    def plain(self, one: Found, status: str, note: str, content: str = "") -> Score:
        """A score without marks."""
        about = exercise(one.exercise)
        return Score(
            one.student, one.exercise, status, None, about.possible - about.by_hand, about.by_hand, content, note
        )

    def miss(self, there: Harvest, listed: list[str], exercises: list[str]) -> None:
        """Say "missing" of who has no score of an exercise that others handed in."""
        known = {score.student for score in store.results(self.out)} if (self.out / store.RESULTS).is_dir() else set()
        for student in sorted({*known, *there.students, *listed}):
            for name in exercises:
                if not store.path_of(self.out, student, name).exists():
                    found = Found(student, name, Path())
                    self.keep(self.plain(found, MISSING, "Nothing was handed in."))

    def tables(self) -> None:
        """Write the CSV files."""
        scores = store.results(self.out) if (self.out / store.RESULTS).is_dir() else []
        store.whole(self.out / GRADES, table.grades(scores))
        store.whole(self.out / DETAILS, table.details(scores))


def outcome(future, job: Job) -> tuple[Score, Examined]:
    """What a future gave. What it raised is trouble: a worker of a cluster that died, or an error of ours."""
    try:
        return future.result()
    except Stopped:
        raise KeyboardInterrupt from None
    except Exception:
        done = Examined(trouble=traceback.format_exc())
        return score_of(job, done), done
