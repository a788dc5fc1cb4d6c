"""What each notebook says in words, with what its outputs must show for it: (words of a cell, whether it is so).

Numbers in the prose are looked for in the outputs (notebook_hygiene); "half", "wins", "ten times" cannot be. A sentence
that other costs or other code could make false stands here. A claim looks at stored outputs, and nothing is simulated.
"""

from itertools import pairwise

DAY_MS = 86_400_000


def near(number, other, part=0.02):
    return abs(number - other) <= part * abs(other)


def claims_00(n):
    old, new = n.table('mmlab.compare(["synchronous", "nopage_retry"], disk="4ms"')
    yield "`fault0` gets as many pages as before", near(old["faults/s"], new["faults/s"])
    yield "`mmap0` hardly waits at all", new["max (us)"] < old["max (us)"] / 1000
    yield "runs at the disk's speed. A pair needs the lock twice", near(old["faults/s"], 2 * old["mmap pairs/s"])


def claims_01(n):
    kind = {name: n.row("course.every_kind(", kind=name) for name in ("minor", "major", "read error")}
    yield "The cpu works a little longer", 0 < kind["major"]["cpu (us)"] - kind["minor"]["cpu (us)"] < 10
    yield "the read error take twice as long", near(kind["read error"]["total (us)"], 2 * kind["major"]["total (us)"])


def claims_02(n):
    rows = n.table("display(chart, chart.table())")
    slow = [row["mmap_sem held (us)"] / row["one read (us)"] for row in rows[3:]]
    own = [row["beside the read (us)"] for row in rows]
    crowd = n.row("hold_table(readers.events)", who="fault")
    yield "one line is nearly everything", n.result("naive-asleep") > 99
    yield "is thousands of times as long", n.row("hold_table(busy.events)", who="fault")["shortest (us)"] > 2000
    yield "Down to about 100 us the hold *is* the disk, to a per cent or two", rows[3]["one read (us)"] == 100
    yield "to a per cent or two, and a faster disk means a shorter hold", 1 <= min(slow) <= max(slow) < 1.025
    yield "at the left end the line bends", own[0] > 1.5 * own[-1]
    yield "Nobody waits for the lock at all", n.result("naive-ps") == 0
    yield "much longer now than one read of 18 ms", crowd["mean (us)"] > 5 * 18_000


def claims_03(n):
    held = n.number('two.timeline("17.99ms"', r"mmap0: holds for writing, ([\d.]+) µs")
    alone = n.row("beside_published([two])", figure="A reads/s, before")["simulated"]
    stairs = {row["pause (us)"]: row["simulated pairs/s"] for row in n.table("display(stairs, stairs.table())")}
    waits = {row["disk time"]: row["mean wait (ms)"] for row in n.table("display(waits, waits.table())")}
    yield "the lock is needed for about 30 us", 25 < held < 35
    yield "More than a second, for a system call", n.result("convoy-wait") > 1000
    yield "it reads as many pages a second", near(n.row("crowd.timeline(lock=True)")["faults/s"], alone)
    yield "Half. Where does the other half go?", near(n.result("convoy-half"), alone / 2)
    yield "B's rate doubles", near(stairs[45], 2 * stairs[0])
    yield "one, two, three, four sections", near(stairs[125], 4 * stairs[0])
    yield "Constant reads: half a read", near(waits["constant"], 18 / 2, 0.06)
    yield "Random reads with the same mean: *a whole one*", near(waits["exponential"], 18, 0.06)


def claims_04(n):
    cpu, before, burnt = "cpu us/fault", n.row("before.table()"), n.row("refault.table()")
    old, new = n.table("display(both.timeline(lock=True), both.table())")
    theirs, mine = n.table('mmlab.compare(["nopage_retry", mine]')
    busy = n.table('busy = fault_time(["synchronous", "nopage_retry"]')
    fast = n.table("fast = fault_time(")
    squares = n.table("chart = retry_against_synchronous()")
    ratios = {who: [row["ratio"] for row in squares if row["mmap threads"] == who] for who in (1, 8)}
    published = n.row("beside_published([before, after])", figure="B pairs/s, before")
    panel = n.table("panel.static")
    yield "For B two orders of magnitude", 100 < n.result("drop-refault") / before["mmap pairs/s"] < 1000
    yield "more than a thousand searches for one page", n.result("drop-walks") > 1000
    yield "about half a thousand times what `synchronous` spends", 400 < burnt[cpu] / before[cpu] < 600
    yield "most of the time A is not asking", n.number("refault.timeline(", r"fault0 waits for it (\d+) %") > 50
    yield "The whole read. For 18 ms", near(n.result("drop-alone"), 18)
    yield "a second walk, less than a microsecond of cpu time", 0 < new[cpu] - old[cpu] < 1
    yield "where our B gets half of the published 55", near(published["simulated"], 55 / 2)
    yield "changed the address space some five hundred times", 400 < 2 * 0.018 * new["mmap pairs/s"] < 600
    yield "B as fast as ever, A too", near(mine["mmap pairs/s"], theirs["mmap pairs/s"])
    yield "A too, half the walks", near(mine["faults/s"], theirs["faults/s"])
    yield "half the walks, less cpu time", 2 * mine["walks/fault"] == theirs["walks/fault"] and mine[cpu] < theirs[cpu]
    yield "Safe, and the convoy is back", near(n.result("drop-late"), before["mmap pairs/s"])
    yield "Six things can change under a sleeper", len(n.table("rechecks()")) == 6
    yield "More than a third fewer", busy[1]["faults/s"] < 2 / 3 * busy[0]["faults/s"]
    yield "What A loses the mmap threads gain", panel[1]["mmap pairs/s"] > panel[0]["mmap pairs/s"]
    yield "Half as many again", near(fast[1]["faults/s"] / fast[0]["faults/s"], 1.5, 0.06)
    yield "the first wait was 0 above", fast[1]["1st wait for mmap_sem"] == 0
    yield "A short queue: it can win", max(ratios[1]) > 1.1
    yield "A long one: it loses", max(ratios[8]) < 1


def claims_05(n):
    windows = {row["mmap threads"]: row for row in n.table("table = livelock.windows()")}
    gaps = {row["gaps"]: row["faults/s"] for row in n.table("table = livelock.same_mean()")}
    reads = "reads a fault, T = 20 us"
    cycles = ["livelock" in row.values() for row in n.table("livelock.fair_cycles(designs)")]
    retries = n.table("chart = livelock.retries_over_gap()")
    yield "W / T = 2: how many retries", near(retries[0]["W / T"], 2)
    yield "As if nobody were there", near(n.result("livelock-old"), n.row("calm.table()")["faults/s"], 0.1)
    yield "whose window is under a microsecond", windows[0]["W (us)"] < 1
    yield "the window grows fifteenfold", near(windows[8]["W (us)"] / windows[1]["W (us)"], 15, 0.05)
    yield "more than four orders of magnitude", windows[8][reads] > 10_000 * windows[1][reads]
    yield "one fault in about twenty minutes", 17 < windows[8]["one fault, 18 ms a read"] / 60 < 23
    yield "None at all. With random gaps", gaps["regular"] == 0 < gaps["random (exponential)"]
    yield "Four of them. What they have in common", sum(cycles) == 4


def claims_06(n):
    free, once = n.table("mmlab.Comparison([unbounded, run]).table()")
    back = n.number('run.timeline("17.9ms"', r"fault0: waits for mmap_sem, ([\d.]+) µs")
    bounds = n.table("by_retries([None, run, twice, None])")
    faults, pairs = ([row[name] for row in bounds] for name in ("faults/s, theory", "pairs/s, theory"))
    stalls = [n.number("two reads at once", rf"{how} *: .* longest wait ([\d.]+)") for how in ("once", "other")]
    yield "A needs W = 232 us", near(n.number("lost = fallbacks()", r"needs W = (\d+) µs"), 232, 0.01)
    yield "is left with half", near(once["mmap pairs/s"] / free["mmap pairs/s"], 1 / 2, 0.05)
    yield "A quarter of a millisecond later", near(back, 250, 0.1)
    yield "has been dropped a dozen times", 11 < back / 20 < 14
    yield "more than one call in a hundred waits a whole disk read", once["p99 (us)"] > 18_000
    yield "Each further retry gives B more", all(some < more for some, more in pairwise(pairs))
    yield "B more and A less", all(some > less for some, less in pairwise(faults))
    yield "Each signal costs it one disk read, or nearly two", near(stalls[0], 18) and 1.5 < stalls[1] / 18 < 2


def claims_07(n):
    added, removed = (n.number("row10.patch_lines()", rf"(\d+) {what}") for what in ("lines added", "removed"))
    slow = [n.number("runs in (fast, slow)", rf"18ms {name}.* ([\d.]+) faults/s") for name in ("page", "unshared")]
    yield "turns a second of dying into nothing", n.result("args-die") > 1000 and n.result("args-killable") == 0
    yield "Far fewer arguments: yes", n.result("args-count") < 18 / 2
    yield "Less code: no", added > removed
    yield "worth 7 % where a read is as short", abs(n.result("args-simple") - 7) < 0.5
    yield "nothing at 18 ms", near(*slow, part=0.001)


def claims_08(n):
    share = {row["L x D"]: row["counter unchanged"] for row in n.table("chart = unchanged(")}
    queue = n.table("crowd()")
    off = [abs(row["counter unchanged"] - row["with the queue"]) / row["+- (95 %)"] for row in queue]
    without, gain, _, _, _, single = n.table("gains = counter_gain()")
    bounded, unbounded = n.table("storm = mmlab.compare(")
    yield "With one write section in ten reads the counter saves nine walks of ten", near(share[0.1], 0.9, 0.05)
    yield "With one write section *a read*, it saves a third", near(share[1], 1 / 3, 0.2)
    yield "With three, next to nothing", share[3] < 0.1
    yield "too hopeful in the last", queue[-1]["exp(-L D)"] - queue[-1]["counter unchanged"] > queue[-1]["+- (95 %)"]
    yield "takes that queue into account", max(off) < 1
    yield "in the headline the counter never helps", n.number("looped.continued", r"(\d+) of \d+ faults found") == 0
    yield "Nearly nine faults of ten go on", near(gain["went on"], 0.9, 0.03)
    yield "more than a third of the cpu time of a fault is gone", gain["cpu us/fault"] < 2 / 3 * without["cpu us/fault"]
    yield "but only a few per cent", 1 < gain["more faults"] < 10
    yield "with random reads it is larger", n.table("gains = counter_gain()")[3]["more faults"] > gain["more faults"]
    yield "some fifteen times as long", near(single["asleep (us)"] / gain["asleep (us)"], 15, 0.1)
    yield "longer than the looper's pause", single["asleep (us)"] > 1000
    yield "half of what the disk can do", near(bounded["faults/s"], 55 / 2, 0.05)
    yield "Without it, no fault ever ends", unbounded["faults/s"] == 0
    yield "that read would last for more than a day", n.result("counter-wrap") * 2**24 > DAY_MS


def claims_09(n):
    matrix = {row["design"]: row for row in n.table("matrix = criteria()")}
    dies, faults, longest = "last of 64 dies after (ms)", "faults/s", "longest mmap wait (ms)"
    old, final, struct = (matrix[name] for name in ("synchronous", "final", "pagefault_args"))
    speed = {(row["design"], row["writers/s"]): row for row in n.table("speed = rare_writers(")}
    rare, many = (speed["final", writers] for writers in (10, 4000))
    cpu, walks = "cpu us a fault", "walks a fault"
    retry, best = n.table("fast = fast_disks([")
    fast = {(row["design"], row["mmap loopers"], row["one read (us)"]): row for row in n.table("fast = fast_disks()")}
    slow = [row["ratio"] for (_, _, read), row in fast.items() if read >= 5000]
    yield "synchronous gets 53 faults/s, sequence_counter 27", near(old[faults], 53)
    yield "sequence_counter 27. And final?", near(matrix["sequence_counter"][faults], 27)
    yield "compare nine designs by ten criteria", len(matrix) == 9 and len(final) == 1 + 10
    yield (
        "brings the kill down from more than a second to nothing",
        matrix["retry_once"][dies] > 1000 > struct[dies] == 0,
    )
    yield "`retry_once`, `pagefault_args`, `sequence_counter`: half", near(struct[faults], final[faults] / 2)
    yield "as many as `synchronous`", near(final[faults], old[faults])
    yield "as `synchronous`, and B does not wait", final[longest] < old[longest] / 10
    yield "worth not quite a microsecond of cpu", 0.6 < speed["no_counter", 10][cpu] - rare[cpu] < 1
    yield "nothing is left of the gain", near(many[walks], speed["no_counter", 4000][walks])
    yield "at half the rate, and the looper waits", near(n.result("final-progress"), final[faults] / 2)
    yield "`neither` gets nothing at all", n.result("final-neither") == 0
    yield "None! And the best design of the matrix", n.result("final-nvme") == "none"
    yield "is the worst of the three", best[faults] < retry[faults] < retry["synchronous"]
    yield "a 20 us disk dropping the lock wins by half", near(fast["final", 1, 20]["ratio"], 1.5, 0.06)
    yield "From some milliseconds up, all curves meet", all(near(ratio, 1, 0.03) for ratio in slow)
    yield "a crowd of writers makes A pay, by half and more", min(row["ratio"] for row in fast.values()) < 0.5
    yield "B gains or keeps", all(row["pairs/s"] >= row["pairs/s, synchronous"] for row in fast.values())


def claims_10(n):
    short = n.row("short.table()", design="vm_fault_retry")
    today, kept = n.row("today.table()"), n.row("mmlab.compare([kept], **crowd)")
    forks = {row["design"]: row for row in n.table("forking.table()")}
    wait, keep = forks["wait_under_vma_lock"], forks["keep_the_page"]
    mm, vma = n.table("both.table()")
    longest, pairs = "max (us)", "mmap pairs/s"
    yield "six submissions stand in front of it", near(short[longest], 6 * 18_000)
    yield "8 loopers make 16,200 pairs/s alone", near(kept[pairs], 16_200)
    yield "half of its pages", near(today["faults/s"], kept["faults/s"] / 2, 0.05)
    yield "the writers half of their pairs", near(today[pairs], kept[pairs] / 2, 0.15)
    yield "the longest wait is a whole read", near(today[longest], 18_000, 0.03)
    yield (
        "Three answers, and each of them mends it",
        {row["fallbacks"] for row in n.table("mmlab.compare(answers, **")} == {0},
    )
    yield "the wait is real", wait[longest] > 10 * keep[longest]
    yield "and it is rare", wait["p99 (us)"] < keep[longest]
    yield (
        "no retry, one walk instead of two",
        (mm["walks/fault"], vma["walks/fault"], vma["retries/fault"]) == (2, 1, 0),
    )


def claims_12(n):
    board = {row["design"].removesuffix(" (yours)"): row for row in n.table("with_descendants=True")}
    mine, base, final = (board[name] for name in ("two_retries", "pagefault_args", "final"))
    faults, pairs, short = "faults/s, DONTNEED", "pairs/s, DONTNEED", "p99 us, DONTNEED"
    longest, fast = "max us, DONTNEED", "faults/s, 100 us disk"
    yield "three reads for a page instead of two", near(mine[faults] / base[faults], 2 / 3, 0.06)
    yield "so it gets *fewer* pages", n.result("capstone-two-faults") == "fewer"
    yield "the threads that map memory get *more* pairs", n.result("capstone-two-pairs") == "more"
    yield "ninety-nine in a hundred of their waits are short again", mine[short] < base[short] / 10
    yield "The longest is as long as ever", near(mine[longest], base[longest])
    yield "`final` shows that one need not pay", final[faults] > mine[faults] and final[pairs] > mine[pairs]
    yield "It pays elsewhere", final[fast] < base[fast]


CLAIMS = {
    name.removeprefix("claims_"): claims for name, claims in list(globals().items()) if name.startswith("claims_")
}
