"""A finished SVG with its words: what a picture that is drawn from rows needs to show itself in a notebook."""

import hashlib
import re
from html import escape

from . import svg
from .table import Table

KEY = "\0"
"""what stands for the ids of the patterns, until the picture has a name"""


class Drawing:
    """`svg`, `caption`, `alt`, and `table()`, the rows that it was drawn from. As text it is its caption."""

    def __init__(self, body, width, height, caption, alt, table):
        self.caption, self.alt, self._table = caption, alt, table
        key = "dr" + hashlib.sha256(f"{body}{alt}".encode()).hexdigest()[:10]
        size = f"{svg.num(width)} {svg.num(height)}"
        self.svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" class="mmlab-tl" role="img" '
            f'viewBox="0 0 {size}" width="{svg.num(width)}" height="{svg.num(height)}" '
            f'aria-label="{svg.escaped(alt)}" font-family="{svg.FONT}" font-size="{svg.SIZE}" fill="{svg.INK}">'
            f'<style>{svg.STYLE}</style>{svg.patterns(key)}<rect class="ground" fill="{svg.GROUND}" width="100%" '
            f'height="100%"/>{body.replace(KEY, key)}</svg>'
        )

    def table(self):
        """What was drawn, as a Table."""
        return self._table

    def __repr__(self):
        return self.caption

    def _repr_mimebundle_(self, include=None, exclude=None):
        html = (
            f'<figure class="mmlab-figure" style="margin:0">{self.svg}'
            f'<figcaption style="max-width:64em">{svg.escaped(self.caption)}</figcaption></figure>'
        )
        return {"text/plain": self.caption, "text/html": html, "image/svg+xml": self.svg}


class LinkedTable(Table):
    """A Table in whose HTML some words are links: `links` maps a word to its address."""

    def __init__(self, columns, rows, links, caption=""):
        super().__init__(columns, rows, caption)
        self.links = dict(links)

    def _repr_html_(self):
        html = super()._repr_html_()
        if not self.links:
            return html
        words = sorted(map(escape, self.links), key=len, reverse=True)
        address = {escape(word): escape(url) for word, url in self.links.items()}
        found = re.compile("|".join(map(re.escape, words)))
        return found.sub(lambda match: f'<a href="{address[match[0]]}">{match[0]}</a>', html)
