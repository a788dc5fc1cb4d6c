"""The answers that the parts of the fault path give each other.

VM_FAULT_* are an enumeration in 2.6.18, not bits. NOPAGE_* are impossible page pointers; NOPAGE_RETRY is what the mail
of September 2006 proposes.
"""

VM_FAULT_OOM = 0
VM_FAULT_SIGBUS = 1
VM_FAULT_MINOR = 2
"""resolved without waiting for I/O"""
VM_FAULT_MAJOR = 3
"""resolved after waiting for I/O"""
VM_FAULT_RETRY = 4
"""nothing resolved; mmap_sem is NOT held any more; start again at down_read (the posted patch's fifth answer)"""

NOPAGE_SIGBUS = None
NOPAGE_OOM = -1
NOPAGE_RETRY = -2
"""->nopage could not have the page without sleeping"""

NAMES = {
    0: "VM_FAULT_OOM",
    1: "VM_FAULT_SIGBUS",
    2: "VM_FAULT_MINOR",
    3: "VM_FAULT_MAJOR",
    4: "VM_FAULT_RETRY",
}


def named(answer) -> str:
    """An answer in the words of the code: (VM_FAULT_RETRY, VM_FAULT_MAJOR) for (4, 3)."""
    if type(answer) is tuple:
        return f"({', '.join(map(named, answer))})"
    words = {**NAMES, NOPAGE_OOM: "NOPAGE_OOM", NOPAGE_RETRY: "NOPAGE_RETRY"}
    return words.get(answer, repr(answer)) if type(answer) is int else repr(answer)
