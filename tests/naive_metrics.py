"""The figures of a run, computed again from its whole trace in the plainest way: lists, and no batches."""

from itertools import pairwise

WRITE, READ = "mmap_sem/write", "mmap_sem/read"
VMA_READ = "vma_lock/read"


def stays(events, task):
    """A task's finished stays in the kernel: [(kind, address, entered, [events inside], leave event, its index)]."""
    found, inside = [], None
    for index, event in enumerate(events):
        if event.task != task:
            continue
        if event.what == "enter":
            inside = (event.object, event.value, event.time, [])
        elif event.what == "leave":
            found.append((*inside, event, index))
            inside = None
        elif inside:
            inside[3].append(event)
    return found


def accesses(faults):
    """[[stay, ...], ...]: the faults that one access to memory took, replays included."""
    groups = []
    for stay in faults:
        last = groups[-1][-1] if groups else None
        if last and last[1] == stay[1] and last[4].object == "minor" and not mapped(last):
            groups[-1].append(stay)
        else:
            groups.append([stay])
    return groups


def mapped(stay):
    return any(event.what == "pte" for event in stay[3])


def fell_back(stay):
    """Whether the fault slept for its page with mmap_sem held, after a retry."""
    holding = False
    for at, event in enumerate(stay[3]):
        if event.what in ("acquire", "release") and event.object == READ:
            holding = event.what == "acquire"
        if event.what == "page_wait" and holding and passes(stay[3][:at]) > 1:
            return True
    return False


def passes(events):
    """How often a fault was begun: by find_vma under mmap_sem, or by a look-up that got the lock of the vma itself."""
    steps = [e for e in events if e.what == "walk" or (e.what == "acquire" and e.object == VMA_READ)]
    found = sum(e.what == "walk" and e.object != "rcu" for e in steps)
    return found + sum(a.object == "rcu" and b.what == "acquire" for a, b in pairwise(steps))


def continued(stay):
    """Whether the fault took its lock again and ended without another walk."""
    order = [e.what for e in stay[3] if e.what == "walk" or (e.what == "acquire" and e.object in (READ, VMA_READ))]
    return order.count("acquire") > 1 and order[-1] == "acquire"


def inside(stay, what, object=None):
    return sum(event.what == what and object in (None, event.object) for event in stay[3])


def next_entry(events, stay):
    """The same task's event that settles how `stay` ended: its next entry or its exit; None if there is none."""
    task, at = stay[4].task, stay[5]
    return next((e for e in events[at + 1 :] if e.task == task and e.what in ("enter", "exit")), None)


def naive(events):
    """{name: number or list of ns}, from a list of Events that is the whole trace."""
    tasks = dict.fromkeys(event.task for event in events if event.task != "disk")
    roles = {event.task: event.object for event in events if event.what == "start"}
    all_stays = [stays(events, task) for task in tasks]
    faults = [stay for each in all_stays for stay in each if stay[0] == "fault"]
    calls = [stay for each in all_stays for stay in each if stay[0] in ("mmap", "munmap", "mprotect", "fork")]
    resolved, replays = [], 0
    for each in all_stays:
        for group in accesses([stay for stay in each if stay[0] == "fault"]):
            last = group[-1]
            replays += len(group) - 1
            if last[4].object == "minor" and not mapped(last):
                following = next_entry(events, last)
                if following is None:
                    continue  # the run ends before it is known
                if following.what == "enter" and (following.object, following.value) == last[:2]:
                    replays += 1  # and the run ends in the middle of the replay
                    continue
            if last[4].object in ("major", "minor"):
                resolved.append(last[4].time - group[0][2])
    acquired = [event for event in events if event.what == "acquire"]
    return {
        "faults": len(resolved),
        "fault_call": resolved,
        "replays": replays,
        "walks": sum(inside(stay, "walk") for stay in faults),
        "retries": sum(max(0, passes(stay[3]) - 1) for stay in faults),
        "continued": sum(map(continued, faults)),
        "fallbacks": sum(map(fell_back, faults)),
        "fault_cpu": sum(stay[4].value for stay in faults),
        "mmaps": sum(stay[0] == "munmap" for stay in calls),
        "writes": sum(stay[0] == "mprotect" for stay in calls),
        "forks": sum(stay[0] == "fork" for stay in calls),
        "cpu_wait": [event.value for event in events if event.what == "run"],
        "mmap_call": [stay[4].time - stay[2] for stay in calls],
        "mmap_wait": [event.value for event in acquired if event.object == WRITE],
        "ps_wait": [e.value for e in acquired if e.object == READ and roles[e.task] == "ps"],
        "read_wait": [e.value for e in acquired if e.object == READ and roles[e.task] != "ps"],
        "page_wait": [event.value for event in events if event.what == "page_woken"],
        "reads": sum(event.what == "io_done" for event in events),
        "disk_busy": sum(event.value for event in events if event.what == "io_done"),
    }
