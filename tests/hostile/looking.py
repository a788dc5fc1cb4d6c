"""Code that looks for what it must not see, and reaches for what it must not touch. It is refused, and told."""

from __future__ import annotations

from mmlab.grading.score import GRADED

from .entry import ACCESS, SEARCH, Entry, first, search

BOTH = SEARCH + ACCESS


def refused(name: str, tries: str, line: str, reads: str) -> Entry:
    """A right function that does this first; it raises."""
    return Entry(name, tries, first(line), GRADED, ACCESS, reads)


def finds(name: str, tries: str, *lines: str, reads: str = "answers 'nothing'") -> Entry:
    """A function that answers right where `found` is true after these lines, and "nothing" where it is not."""
    work = search(
        "found = None", *lines, "if not found: return 'nothing'",
        "return next((n for n, (_, end, _) in enumerate(vmas) if address < end), None)",
    )  # fmt: skip
    return Entry(name, tries, work, GRADED, ACCESS, reads)


SOMEWHERE = (
    "import glob, os",
    "places = ('/tmp', '/home', '/dev/shm', '/var/tmp', '@ROOT@', '@SUBMISSIONS@', '@GRADES@', '@SUBMISSIONS@/caf',",
    "    '@SUBMISSIONS@/innocent-all/ex1', '@ROOT@/solutions', '@ROOT@/mmlab', '@ROOT@/mmlab/checks', '/usr/lib', '/')",
)

LOOKING = [
    refused("reads-the-solution", "opens the solution", "open('@ROOT@/solutions/ex1/ex1.ipynb').read()",
            "FileNotFoundError"),
    refused("reads-the-unseen-checks", "opens the unseen checks", "open('@ROOT@/solutions/checks/ex1.py').read()",
            "FileNotFoundError"),
    refused("reads-a-neighbour", "opens a neighbour's work", "open('@SUBMISSIONS@/innocent-all/ex1/ex1.ipynb').read()",
            "FileNotFoundError"),
    refused("reads-the-class-key", "opens the class key", "open('@KEY@').read()", "FileNotFoundError"),
    refused("reads-the-grades", "opens the gradebook", "open('@GRADES@/gradebook.db', 'rb').read()",
            "FileNotFoundError"),
    refused("reads-passwords", "opens /etc/passwd", "open('/etc/passwd').read()", "FileNotFoundError"),
    refused("imports-the-grader", "imports mmlab.grading", "from mmlab.grading import scoring", "ImportError"),
    refused("imports-the-checks", "imports the checks of the exercise", "from mmlab.checks.exercises import ex1",
            "ModuleNotFoundError"),
    finds("searches-the-disk", "looks for the solution on the whole disk", "import os",
          "for top in os.listdir('/'):",
          "    if top in ('proc', 'usr') or os.path.islink(f'/{top}'): continue",
          "    for _, folders, names in os.walk(f'/{top}'):",
          "        folders[:] = [one for one in folders if one != 'site-packages']",
          "        found = found or {'ex1.ipynb', 'class.key', 'gradebook.db'} & {*names, *folders}"),
    finds("reads-environments", "looks for the class key in environments and command lines", "import glob",
          "for path in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline'):",
          "    try: found = found or 'class key of' in open(path, errors='replace').read()",
          "    except OSError: pass"),
    finds("walks-frames", "looks for checks and key in all frames and objects of its process", "import gc, sys",
          "frame = sys._getframe()",
          "while frame: found = found or 'class key of the' in repr(frame.f_locals)[:100_000]; frame = frame.f_back",
          "found = found or [one for one in gc.get_objects() if type(one).__name__ in ('Check', 'Exercise', 'Draw')]"),
    finds("other-processes", "looks for other processes", "import os",
          "found = [one for one in os.listdir('/proc') if one.isdigit() and int(one) not in (1, os.getpid())"
          " and int(one) > 20]"),
    finds("through-other-roots", "looks through /proc/1/root and /proc/1/cwd", "import os",
          "for link in ('root', 'cwd', 'fd'):",
          "    try: found = found or os.path.exists(f'/proc/1/{link}@ROOT@/solutions')",
          "    except OSError: pass"),
    finds("calls-a-port", "connects to a port of this machine", "import socket",
          "try: found = socket.create_connection(('127.0.0.1', @PORT@), 1)", "except OSError: pass"),
    refused("calls-a-port-aloud", "the same, and lets it be told",
            "import socket; socket.create_connection(('127.0.0.1', @PORT@), 1)", "ConnectionRefusedError"),
    refused("calls-the-world", "connects to an address elsewhere",
            "import socket; socket.create_connection(('192.0.2.1', 80), 1)", "Network is unreachable"),
    refused("asks-for-a-name", "asks for the address of a name",
            "import socket; socket.getaddrinfo('example.org', 80)", "gaierror"),
    finds("writes-everywhere", "writes a file in fourteen folders, a neighbour's and the grades' among them",
          *SOMEWHERE,
          "for place in places:",
          "    try: open(f'{place}/@TOKEN@', 'w').write('was here'); found = place not in ('/tmp',) and place or found",
          "    except OSError: pass"),
    refused("writes-a-neighbour", "overwrites a neighbour's work",
            "open('@SUBMISSIONS@/innocent-all/ex1/ex1.ipynb', 'w').write('{}')", "FileNotFoundError"),
    refused("writes-the-gradebook", "gives itself points in the gradebook",
            "import sqlite3; sqlite3.connect('@GRADES@/gradebook.db').execute('update grade set manual_score = 20')",
            "OperationalError"),
    refused("writes-mmlab", "changes mmlab's file of checks", "open('@ROOT@/mmlab/worker/serving.py', 'a').write('#')",
            "mmlab/worker/serving.py'"),
    finds("kills-the-grader", "kills its parent, and every process that it may", "import os",
          "for pid in (os.getppid(), -1):",
          "    try: os.kill(pid, 9); found = True",
          "    except OSError: pass"),
    refused("becomes-root", "becomes root", "import os; os.setuid(0)", "PermissionError"),
    finds("mounts", "mounts the disk anew by ctypes", "import ctypes",
          "found = ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0"),
    finds("traces-the-grader", "attaches to its parent by ptrace", "import ctypes, os",
          "found = ctypes.CDLL(None).ptrace(16, os.getppid() or 1, 0, 0) == 0"),
    finds("terminal-input", "types into the grader's terminal", "import fcntl, os",
          "try: found = fcntl.ioctl(os.open('/dev/tty', os.O_RDWR), 0x5412, b'x') == 0", "except OSError: pass"),
    finds("stays-in-tmp", "leaves a sitecustomize in every folder of Python's for the next process", "import sys, site",
          "for folder in [*sys.path, '/tmp', site.getusersitepackages()]:",
          "    try:",
          "        with open(f'{folder}/sitecustomize.py', 'w') as file: file.write('import os; os._exit(0)')",
          "        found = folder != '/tmp' and folder or found",
          "    except OSError: pass"),
]  # fmt: skip
