"""The board as a picture: a row for each design, a column for each criterion, best figures marked, places in front."""

from . import svg, units
from .svg import escaped, fit, num

NAME, ROW, HEAD, TIER = 172, 38, 64, 26
BLUE, GREY, GREEN = "#0072B2", "#7a828c", "#009E73"


class BoardPicture:
    """`columns` are ((what, where), "more" | "less"), `rows` dicts with place, name, note, mine, tier and cells.

    A cell is (text, share or None, best): `share` is how near its figure is to the best of the column, 0 to 1. Rows are
    in order; where the tier changes a line says so. `svg` is the picture, `caption` its finding, `alt` both in words.
    """

    def __init__(self, columns, rows, caption, width=960):
        self.caption = caption
        mine = [row["name"] for row in rows if row["mine"]]
        self.alt = (
            f"Board of {units.plural(len(rows), 'design')} by {units.plural(len(columns), 'criterion', 'criteria')}. "
            f"{caption}" + (f" Yours: {', '.join(mine)}." if mine else "")
        )
        step = (width - NAME - 8) / len(columns)
        out, y = [heads(columns, step)], HEAD
        tier = None
        for number, row in enumerate(rows):
            if row["tier"] != tier:
                tier = row["tier"]
                out.append(svg.text(10, y + 18, tier, svg.SMALL, bold=True))
                out.append(svg.line(0, y + 3, width, y + 3))
                y += TIER
            out.append(line_of(row, y, step, width, same=number > 0 and rows[number - 1]["place"] == row["place"]))
            y += ROW
        y += 8
        out.append(mark(14, y + 9) + svg.text(26, y + 14, "none of the safe and live designs is ahead", 12, dim=True))
        out.append(bar(330, y + 8, 44, 0.7, False) + svg.text(384, y + 14, "longer is better (ratios)", 12, dim=True))
        out.append(
            bar(560, y + 8, 44, 0.7, True) + svg.text(614, y + 14, "not safe and live: no measure", 12, dim=True)
        )
        height = y + 26
        self.svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="mmlab-tl" role="img" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" aria-label="{escaped(self.alt)}" font-family="{svg.FONT}" '
            f'font-size="{svg.SIZE}" fill="{svg.INK}"><style>{svg.STYLE}</style>'
            f'<rect class="ground" fill="{svg.GROUND}" width="100%" height="100%"/>{"".join(out)}</svg>'
        )

    def __repr__(self):
        return self.caption

    def _repr_html_(self):
        return (
            f'<figure class="mmlab-figure" style="margin:0">{self.svg}'
            f'<figcaption style="max-width:64em">{escaped(self.caption)}</figcaption></figure>'
        )


def heads(columns, step):
    """What stands over the columns."""
    out = [svg.text(10, 20, "place, design", svg.SMALL, dim=True)]
    for n, ((what, where), better) in enumerate(columns):
        right = NAME + (n + 1) * step - 4
        for at, words, bold in ((18, what, True), (34, where, False)):
            out.append(svg.text(right, at, fit(words, step + 8, 10.5, bold), 10.5, "end", dim=not bold, bold=bold))
        out.append(svg.text(right, 50, better, 11, "end", dim=True))
        out.append(arrow(right - svg.width_of(better, 11) - 8, 46, better == "more"))
    return "".join(out)


def line_of(row, y, step, width, same):
    """One design: `same` says that it shares its place with the one above."""
    out = []
    if row["mine"]:
        out.append(f'<rect fill="{BLUE}" fill-opacity=".1" x="0" y="{y}" width="{width}" height="{ROW - 4}" rx="3"/>')
        out.append(f'<rect fill="{BLUE}" x="0" y="{y}" width="4" height="{ROW - 4}"/>')
    note = ", ".join(["yours"] * row["mine"] + [row["note"]] * bool(row["note"]))
    out.append(svg.text(26, y + 17, "=" if same else str(row["place"]), 13, "end", dim=same))
    out.append(
        svg.text(36, y + 17 - 3 * bool(note), fit(row["name"], NAME - 40, 13, row["mine"]), 13, bold=row["mine"])
    )
    if note:
        out.append(svg.text(36, y + 28, note, 11, dim=True))
    grey = row["tier"] != "safe and live"
    for n, (words, share, best) in enumerate(row["cells"]):
        right = NAME + (n + 1) * step - 4
        out.append(svg.text(right, y + 15, words, svg.SMALL, "end", bold=best))
        if best:
            out.append(mark(right - svg.width_of(words, svg.SMALL, True) - 7, y + 11))
        if share is not None:
            out.append(bar(NAME + n * step + 8, y + 23, step - 12, share, grey))
    return "".join(out)


def bar(left, top, room, share, grey):
    """How near the best: a bar on a pale track; hollow where it is no measure."""
    long = max(2.0, room * share)
    track = (
        f'<rect fill="{GREY}" fill-opacity=".18" x="{num(left)}" y="{num(top)}" width="{num(room)}" height="5" rx="2"/>'
    )
    fill = f'fill="none" stroke="{GREY}" stroke-width="1.2"' if grey else f'fill="{BLUE}"'
    return track + f'<rect {fill} x="{num(left)}" y="{num(top)}" width="{num(long)}" height="5" rx="2"/>'


def mark(x, y):
    """A small diamond: nobody is ahead."""
    return f'<path fill="{GREEN}" d="M{num(x)} {num(y - 5)}l4.5 5l-4.5 5l-4.5 -5z"/>'


def arrow(x, y, up):
    """A small triangle, for more or for less."""
    d = f"M{num(x - 4)} {num(y + 3)}h8l-4 -7z" if up else f"M{num(x - 4)} {num(y - 4)}h8l-4 7z"
    return f'<path class="ink" fill="{GREY}" d="{d}"/>'
