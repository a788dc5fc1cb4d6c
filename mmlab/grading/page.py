"""A page of HTML that stands alone: for light and dark screens and for paper, without scripts, asking for nothing."""

from __future__ import annotations

from html import escape

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#565d68;--line:#c9ced6;--ground:#fff;--soft:#f3f5f7}
@media (prefers-color-scheme:dark){:root{--ink:#e6e8eb;--dim:#a8afb8;--line:#3a4048;--ground:#111418;--soft:#1b2026}}
body{margin:0 auto;max-width:64em;padding:1.2em 1.4em 3em;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif;
 color:var(--ink);background:var(--ground);overflow-wrap:anywhere}
h1{font-size:1.6em;line-height:1.25;margin:.3em 0}
h2{font-size:1.25em;margin:1.6em 0 .4em}
h3{font-size:1em;margin:1em 0 .3em}
p{margin:.5em 0}
.dim{color:var(--dim)}
.said{white-space:pre-wrap}
.sum{font-size:1.15em}
.log{font:.85em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
th{white-space:nowrap}
table{border-collapse:collapse;margin:.6em 0;font-size:.95em}
th,td{border-bottom:1px solid var(--line);padding:.3em .8em .3em 0;text-align:left;vertical-align:top}
td.n,th.n{text-align:right}
ul.checks{list-style:none;margin:0;padding:0}
ul.checks>li{border-left:5px solid var(--line);padding:.3em .9em;margin:.7em 0}
ul.checks>li>div{break-inside:avoid}
code,pre{font:.9em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{white-space:pre-wrap;background:var(--soft);padding:.6em .8em;margin:.3em 0;border-radius:4px}
mark{background:#ffe08a;color:#1b1f24}
figure{margin:.6em 0}
svg{max-width:100%;height:auto}
.chart text{fill:var(--ink);font:13px system-ui,sans-serif}
.chart .axis{stroke:var(--line)}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:1em}
.pair>div{min-width:0}
@media print{
 :root,.mmlab-tl{color-scheme:light;--ink:#1b1f24!important;--dim:#565d68!important;--line:#c9ced6!important;
  --ground:#fff!important;--soft:#f3f5f7!important;--grid:#d5d9de!important}
 body{padding:0;max-width:none;font-size:11pt}
}
"""


def page(title: str, body: str) -> str:
    """A whole page. `title` is text, `body` is HTML."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def text(words: str) -> str:
    """Text as HTML: markup escaped, what cannot be printed told by its code."""
    return escape("".join(sign if sign == "\n" or sign.isprintable() else ascii(sign)[1:-1] for sign in words))


def table(head: list[str], rows: list[list], numbers: tuple[int, ...] = ()) -> str:
    """A table. `numbers` are the columns that are set to the right."""

    def line(tag: str, cells: list) -> str:
        where = ' scope="col"' if tag == "th" else ""
        right = ' class="n"'
        inside = "".join(
            f"<{tag}{where}{right if number in numbers else ''}>{text(str(cell))}</{tag}>"
            for number, cell in enumerate(cells)
        )
        return f"<tr>{inside}</tr>"

    return f"<table><thead>{line('th', head)}</thead><tbody>{''.join(line('td', row) for row in rows)}</tbody></table>"
