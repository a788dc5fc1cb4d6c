"""Boxes of words and code, wrapped to a width: nothing in them is ever cut."""

from . import svg

CODE = 11.5
PITCH = 15
"""pixels from line to line"""
PAD = 6
CODE_FONT = "var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace)"


def code_width(text):
    """Pixels of a line of code."""
    return len(text) * CODE * 0.605


def wrap(text, room, width_of):
    """`text` broken at spaces (inside a word where it must be) so that each line is at most `room` pixels wide."""
    lines, line = [], ""
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if width_of(candidate) <= room or not candidate:
            line = candidate
            continue
        if line:
            lines.append(line)
        while width_of(word) > room and len(word) > 1:
            at = max(1, next((n for n in range(len(word), 0, -1) if width_of(word[:n]) <= room), 1))
            lines.append(word[:at])
            word = word[at:]
        line = word
    return [*lines, line] if line or not lines else lines


def wrap_words(text, room, size=svg.SMALL, bold=False):
    """Plain words, wrapped."""
    return wrap(text, room, lambda part: svg.width_of(part, size, bold))


def wrap_code(text, room):
    """Code, wrapped; what is carried over is indented."""
    first, *rest = wrap(text, room, code_width)
    if not rest:
        return [first]
    return [first, *("  " + part for part in wrap(text[len(first) :].strip(), room - code_width("  "), code_width))]


def code(x, y, text):
    """One line of code."""
    return (
        f'<text x="{svg.num(x)}" y="{svg.num(y)}" font-size="{CODE}" xml:space="preserve" '
        f'font-family="{CODE_FONT}">{svg.escaped(text)}</text>'
    )


class Box:
    """What a row says, set for a width: `height`, and `draw(x, y)`.

    `said` is Row.said, `function` the name of the function last shown in this column; `shown` is the new one. `who`
    names the task where its column does not.
    """

    def __init__(self, said, width, function, bold=False, who=""):
        self.width, self.bold, self.shown = width, bold, function
        self.lines = []  # (kind, text)
        room = width - 2 * PAD - 4
        self.put("who", wrap_words(who, room, bold=True) if who else [])
        for line, did in said:
            if line and line[0] != self.shown:
                self.shown = line[0]
                self.put("name", wrap_words(line[0], room))
            self.put("words", wrap_words("; ".join(did), room, bold=bold))
            if line and line[2]:
                self.put("code", wrap_code(line[2].partition("  #")[0], room))
        self.height = len(self.lines) * PITCH + 2 * PAD - 2

    def put(self, kind, lines):
        self.lines += [(kind, line) for line in lines]

    def draw(self, x, y, colour, heavy, folded):
        """SVG of the box with its left upper corner at (x, y)."""
        dash = ' stroke-dasharray="3 3"' if folded else ""
        out = [
            f'<rect class="ground" fill="{svg.GROUND}" stroke="{colour}" stroke-width="{2.4 if heavy else 1.1}" '
            f'x="{svg.num(x)}" y="{svg.num(y)}" width="{svg.num(self.width)}" height="{svg.num(self.height)}" '
            f'rx="3"{dash}/>'
        ]
        at = y + PAD + 10
        for kind, text in self.lines:
            if kind == "code":
                out.append(code(x + PAD + 2, at, text))
            else:
                bold = kind == "who" or (self.bold and kind == "words")
                out.append(svg.text(x + PAD + 2, at, text, svg.SMALL, dim=kind == "name", bold=bold))
            at += PITCH
        return "".join(out)
