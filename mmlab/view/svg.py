"""Small pieces of SVG: numbers, text, the style sheet, the patterns of the states, the legend.

Colours of states are fixed; ink, grid and ground follow JupyterLab's theme, else the reader's colour scheme.
Every colour is also written as a plain attribute, so that a viewer which drops the style sheet still shows
the picture.
"""

from html import escape

from . import states

FONT = "system-ui,-apple-system,'Segoe UI',sans-serif"
SIZE, SMALL = 14, 12.5

INK, DIM, GRID, GROUND = "#1b1f24", "#5b636e", "#d5d9de", "#ffffff"

STYLE = (
    ".mmlab-tl{--ink:var(--jp-ui-font-color1,#1b1f24);--dim:var(--jp-ui-font-color2,#5b636e);"
    "--grid:var(--jp-border-color2,#d5d9de);--ground:var(--jp-layout-color1,#fff);max-width:100%;height:auto}"
    "@media (prefers-color-scheme:dark){.mmlab-tl{--ink:var(--jp-ui-font-color1,#e6e8eb);"
    "--dim:var(--jp-ui-font-color2,#a8afb8);--grid:var(--jp-border-color2,#3a4048);"
    "--ground:var(--jp-layout-color1,#111418)}}"
    ".mmlab-tl text{fill:var(--ink)}.mmlab-tl .dim{fill:var(--dim)}.mmlab-tl .ground{fill:var(--ground)}"
    ".mmlab-tl .grid{stroke:var(--grid)}.mmlab-tl .plate{stroke:var(--ground)}"
)


def num(x):
    """A coordinate with one decimal, without a trailing ".0"."""
    text = f"{x:.1f}"
    return text[:-2] if text.endswith(".0") else text


def width_of(text, size=SIZE, bold=False):
    """How wide `text` is in pixels, about; fonts differ, so it errs on the wide side."""
    narrow, wide = "iljtf.,:;'|!()/ ", "mwMW"
    ems = sum(0.36 if c in narrow else 0.96 if c in wide else 0.72 if c.isupper() else 0.62 for c in text)
    return ems * size * (1.12 if bold else 1)


def fit(text, room, size=SIZE, bold=False):
    """`text`, or its beginning and "…" when it is wider than `room` pixels."""
    if width_of(text, size, bold) <= room:
        return text
    text = text[:200]
    while len(text) > 1 and width_of(text + "…", size, bold) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def escaped(words):
    """`words` as XML text or attribute: markup escaped, characters that XML forbids replaced."""
    return escape("".join(c if c.isprintable() or c == " " else "\ufffd" for c in words))


def text(x, y, words, size=SIZE, anchor="start", dim=False, bold=False):
    """One line of text, escaped."""
    attributes = [f'x="{num(x)}" y="{num(y)}"']
    if anchor != "start":
        attributes.append(f'text-anchor="{anchor}"')
    if size != SIZE:
        attributes.append(f'font-size="{size}"')
    if bold:
        attributes.append('font-weight="600"')
    if dim:
        attributes.append(f'class="dim" fill="{DIM}"')
    return f"<text {' '.join(attributes)}>{escaped(words)}</text>"


def plate(x, middle, words):
    """Words on a small plate in the colour of the ground, so that a pattern does not run through them."""
    width = width_of(words, SMALL) * 0.92 + 8
    box = f'x="{num(x - 4)}" y="{num(middle - 7)}" width="{num(width)}" height="14" rx="3"'
    rim = f'class="plate" stroke="{GROUND}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"'
    rect = f'<rect class="ground" fill="{GROUND}" fill-opacity=".9" {box}/>'
    return rect + text(x, middle + 4.5, words, SMALL).replace("<text ", f"<text {rim} ", 1)


def line(x1, y1, x2, y2):
    """A grid line."""
    return f'<line class="grid" stroke="{GRID}" x1="{num(x1)}" y1="{num(y1)}" x2="{num(x2)}" y2="{num(y2)}"/>'


def patterns(key):
    """The fills of the patterned states; ids begin with `key`, so that pictures on a page do not clash."""
    read, wait, page = (
        states.STATES[name].colour for name in (states.HOLD_READ_DISK, states.WAIT_LOCK, states.WAIT_PAGE)
    )

    def pattern(name, size, inside, extra=""):
        return (
            f'<pattern id="{key}-{name}" width="{size}" height="{size}" patternUnits="userSpaceOnUse"{extra}>'
            f'<rect class="ground" fill="{GROUND}" width="{size}" height="{size}"/>{inside}</pattern>'
        )

    dot = '<circle cx="3" cy="3" r="1.5" fill="{}"/>'
    return (
        "<defs>"
        + "".join(
            (
                pattern(
                    states.HOLD_READ_DISK,
                    6,
                    f'<rect width="6" height="6" fill="{read}" opacity=".36"/>' + dot.format(read),
                ),
                pattern(states.WAIT_PAGE, 6, dot.format(page)),
                pattern(
                    states.WAIT_LOCK,
                    6,
                    f'<line x1="0" y1="0" x2="0" y2="6" stroke="{wait}" stroke-width="2.6"/>',
                    ' patternTransform="rotate(45)"',
                ),
            )
        )
        + "</defs>"
    )


def paint(state, key):
    """The attributes that give a bar of `state` its fill and outline."""
    look = states.STATES[state]
    if look.pattern in ("solid", "line"):
        return f'fill="{look.colour}"'
    return f'fill="url(#{key}-{state})" stroke="{look.colour}" stroke-width="1.3" stroke-linejoin="round"'


def swatch(x, y, state, key):
    """A sample of `state`, 22 px wide, centred on `y`."""
    look = states.STATES[state]
    height = (
        min(look.height, 20) if look.shape == "tall bar" else look.height * 0.8 if look.height > 10 else look.height
    )
    return (
        f'<rect x="{num(x)}" y="{num(y - height / 2)}" width="22" height="{num(height)}" '
        f'rx="{2 if height > 5 else 0}" {paint(state, key)}/>'
    )


def legend(names, x, y, right, key):
    """(svg, height) of the legend of the states `names`, wrapped between `x` and `right`, from `y` down."""
    out, at, row = [], x, 0
    for name in names:
        label = states.STATES[name].label
        needs = 22 + 8 + width_of(label, SMALL) + 18
        if at > x and at + needs - 18 > right:
            at, row = x, row + 1
        out.append(swatch(at, y + row * 24, name, key))
        out.append(text(at + 30, y + row * 24 + 4.5, label, SMALL, dim=True))
        at += needs
    return "".join(out), (row + 1) * 24
