"""The seven states a task can be in, and how each one looks.

One place for the whole project: timeline, legend, step mode, counter-example, tables and charts all read it.
A state differs from its neighbours in colour, in pattern *and* in shape, so that grey print, a colour-blind
reader and a screen at arm's length all still see which is which. Grammar: blue and vermilion say *which way*
mmap_sem is held, dots say that *the disk* is at work, hatching says *waiting in the queue*, a line says
*nobody is in the way*.
"""

from typing import NamedTuple

HOLD_READ = "hold_read"
HOLD_READ_DISK = "hold_read_disk"
HOLD_WRITE = "hold_write"
WAIT_LOCK = "wait_lock"
WAIT_PAGE = "wait_page"
RUNNING = "running"
USER = "user"


class State(NamedTuple):
    """How one state is named and drawn.

    `label` is for legends and tables; `short` holds the words for the inside of a bar, the longest that fits
    is used. `pattern` is "solid", "dots on wash", "dots", "hatch" or "line"; `shape` is "bar", "tall bar",
    "outlined bar", "line" or "thin line"; `height` is in pixels.
    """

    name: str
    label: str
    short: tuple
    colour: str
    pattern: str
    shape: str
    height: float


_ALL = (
    State(
        HOLD_READ_DISK,
        "holds for reading while the disk reads",
        ("holds mmap_sem while the disk reads", "holds mmap_sem, disk reads", "holds it, disk reads"),
        "#0072B2",
        "dots on wash",
        "outlined bar",
        18,
    ),
    State(HOLD_READ, "holds for reading", ("holds for reading",), "#0072B2", "solid", "bar", 18),
    State(HOLD_WRITE, "holds for writing", ("holds for writing",), "#D55E00", "solid", "tall bar", 24),
    State(
        WAIT_LOCK,
        "waits for mmap_sem",
        ("waits for mmap_sem", "waits for it"),
        "#7d838d",
        "hatch",
        "outlined bar",
        18,
    ),
    State(
        WAIT_PAGE,
        "waits for the page, holding nothing",
        ("waits for the page, holds nothing", "waits for page, holds nothing", "waits, holds nothing"),
        "#E69F00",
        "dots",
        "outlined bar",
        18,
    ),
    State(RUNNING, "running in the kernel", ("runs",), "#009E73", "line", "line", 4),
    State(USER, "in user mode", ("in user mode",), "#7d838d", "line", "thin line", 1.4),
)

#: every state by name, in the order of legends
STATES = {state.name: state for state in _ALL}

#: which state speaks for several that are too close together to be drawn one by one: the one that blocks
#: others most
LOUDEST = (HOLD_WRITE, HOLD_READ_DISK, HOLD_READ, WAIT_LOCK, WAIT_PAGE, RUNNING, USER)

#: colours for the series of a chart, in order (the same ones, so that a chart and a timeline look like one
#: family)
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#7d838d", "#56B4E9")

#: marker shapes for the series of a chart, so that colour is never alone; the open diamond is kept for
#: published figures
MARKERS = ("o", "s", "^", "v", "P", "X")

HOLDING = (HOLD_READ, HOLD_READ_DISK, HOLD_WRITE)
