"""Code that does not come back, ends its process, or takes all that there is: it costs its own checks."""

from __future__ import annotations

from mmlab.grading.score import GRADED, PARTLY

from .entry import ACCESS, SEARCH, SEEN_SEARCH, Entry, first, search

BOTH = SEARCH + ACCESS


def judged(name: str, tries: str, work, reads: str, points: float = ACCESS) -> Entry:
    """One whose wicked function is judged, and wrong."""
    return Entry(name, tries, work, GRADED, points, reads)


def lost(name: str, tries: str, work, reads: str, points: float = ACCESS) -> Entry:
    """One whose wicked function could not be judged: its checks earn nothing, which is no earned 0."""
    return Entry(name, tries, work, PARTLY, points, reads)


CHILDREN = (
    "import os, time",
    "for _ in range(200):",
    "    if os.fork() == 0:",
)
HOG = (
    "import os, time",
    "for _ in range(6):",
    "    if os.fork() == 0:",
    "        memory = bytearray(240 << 20)",
    "        for at in range(0, len(memory), 4096): memory[at] = 1",
    "        time.sleep(600)",
    "time.sleep(600)",
)

ENDINGS = [
    judged("endless-loop", "while True", first("while True: pass"), "soft lockup"),
    judged("endless-loop-deaf-to-signals", "an endless loop that ignores SIGINT, SIGTERM and SIGALRM", first(
        "import signal", "for one in (2, 14, 15): signal.signal(one, signal.SIG_IGN)",
        "while True: pass"), "soft lockup"),
    lost("endless-loop-catches-all", "an endless loop that catches every exception", first(
        "while True:", "    try:", "        n = 0", "        while True: n += 1", "    except BaseException: pass"),
        "has not come back to the kernel"),
    lost("endless-loop-without-alarm", "an endless loop that stops the clock which would break it off", first(
        "import signal", "signal.setitimer(signal.ITIMER_VIRTUAL, 0)", "while True: pass"),
        "has not come back to the kernel"),
    lost("sleeps", "sleeps for an hour", first("import time; time.sleep(3600)"), "has not come back to the kernel"),
    lost("waits-for-itself", "takes a lock twice", first(
        "import threading", "lock = threading.Lock()", "lock.acquire(); lock.acquire()"),
        "has not come back to the kernel"),
    lost("stops-itself", "sends itself SIGSTOP", first("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"),
         "has not come back to the kernel"),
    lost("dozes", "right, and sleeps for a second in each call: six calls may, and dozens may not", first(
        "import time; time.sleep(1)"), "what does your code wait for?", ACCESS + SEEN_SEARCH),
    judged("input", "input()", first("input('points? ')"), "EOFError"),
    judged("sys-exit", "sys.exit()", first("import sys; sys.exit(0)"), "SystemExit"),
    judged("keyboard-interrupt", "raises KeyboardInterrupt", first("raise KeyboardInterrupt"), "KeyboardInterrupt"),
    judged("generator-exit", "raises GeneratorExit", first("raise GeneratorExit('now')"), "GeneratorExit"),
    lost("os-exit", "os._exit(0)", first("import os; os._exit(0)"), "ended with exit status 0"),
    lost("kill-self", "kill -9 of itself", first("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
         "ended with exit status 137"),
    lost("segmentation-fault", "reads address 0 by ctypes", first("import ctypes; ctypes.string_at(0)"),
         "ended with exit status 139"),
    lost("abort", "os.abort()", first("import os; os.abort()"), "ended with exit status 134"),
    lost("closes-the-pipe", "closes all files and sleeps", first(
        "import os, time", "os.closerange(0, 1000); time.sleep(600)"), "has closed the pipe"),
    judged("recursion", "calls itself for ever", search("return search_vmas(vmas, address)"), "RecursionError"),
    judged("huge-number", "a number of 30 million bits", search("return 1 << 30_000_000"), "more than 64 bits"),
    judged("power-tower", "10 ** 10 ** 7", search("return 10 ** 10 ** 7"), "soft lockup"),
    judged("regex", "a regular expression that takes for ever", first(
        "import re; re.match('(a+)+b', 'a' * 60)"), "soft lockup"),
    judged("memory", "asks for 16 GB", first("bytearray(16 << 30)"), "MemoryError"),
    judged("memory-in-steps", "keeps a list that grows for ever", first(
        "all = []", "while True: all.append(bytearray(1 << 24))"), "MemoryError"),
    lost("memory-of-many", "six children with 240 MB each", first(*HOG), ""),
    judged("fork-storm", "two hundred children that sleep", first(*CHILDREN, "        time.sleep(600)"),
           "BlockingIOError"),
    judged("fork-storm-at-work", "two hundred children that count", first(
        *CHILDREN, "        while True: pass"), "BlockingIOError"),
    judged("threads", "two hundred threads", first(
        "import threading, time", "for _ in range(200): threading.Thread(target=time.sleep, args=(600,)).start()"),
        "RuntimeError"),
    Entry("process-left-behind", "right, and leaves a process in a session of its own", first(
        "import os, signal, time",
        "if not os.path.exists('/tmp/left') and os.fork() == 0:",
        "    open('/tmp/left', 'w').close()",
        "    os.setsid()",
        "    if os.fork() == 0:",
        "        for one in range(1, 31):",
        "            if one not in (9, 19, 17, 18): signal.signal(one, signal.SIG_IGN)",
        "        os.execv('/bin/sh', ['@TOKEN@', '-c', 'while :; do sleep 1; done'])",
        "    os._exit(0)"), GRADED, BOTH, ""),
    Entry("atexit", "right, and leaves work for the end of its process", first(
        "import atexit, os", "atexit.register(os.system, 'touch /tmp/@TOKEN@')"), GRADED, BOTH, ""),
    judged("prints-500-mb", "prints 500 MB", first("for _ in range(500): print('x' * 1_000_000)"),
           "printed more than"),
    judged("prints-to-descriptors", "writes 500 MB to descriptors 1 and 2", first(
        "import os", "for _ in range(500): os.write(1, b'x' * 500_000); os.write(2, b'y' * 500_000)"),
        "printed more than"),
    judged("file-of-500-mb", "writes a file of 500 MB", first(
        "file = open('/tmp/large', 'wb')", "for _ in range(500): file.write(bytes(1 << 20))"), "File too large"),
    judged("many-files", "writes a thousand files", first(
        "for n in range(1000): open(f'/tmp/{n}', 'wb').write(bytes(1 << 19))"), "No space left"),
]  # fmt: skip
