"""Showing things in a notebook: one place that knows about IPython's display and the colours of the theme."""

from __future__ import annotations

INK = "var(--jp-ui-font-color1,inherit)"
DIM = "var(--jp-ui-font-color2,#6b7280)"
RULE = "var(--jp-border-color2,#c5cad1)"
CODE = "var(--jp-code-font-family,ui-monospace,monospace)"
BLUE = "var(--jp-brand-color1,#0072B2)"

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def has_widgets() -> bool:
    """Whether ipywidgets can be imported."""
    try:
        import ipywidgets  # noqa: F401
    except ImportError:
        return False
    return True


class Shown:
    """Something to show: plain text, the same as HTML, and perhaps a live widget that replaces both in a notebook.

    Without the widget (a terminal, GitHub, a printed page) the text or the HTML remains.
    """

    def __init__(self, text: str, html: str, widget=None) -> None:
        self.text, self.html, self.widget = text, html, widget

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        live = {}
        if self.widget is not None:
            live = self.widget._repr_mimebundle_() or {}
            live = {WIDGET_VIEW: live[WIDGET_VIEW]} if WIDGET_VIEW in live else {}
        return {"text/plain": self.text, "text/html": self.html, **live}

    def show(self) -> None:
        """Display it in a notebook, or print it where there is none."""
        try:
            from IPython import get_ipython
            from IPython.display import display
        except ImportError:
            print(self.text)
            return
        if get_ipython() is None:
            print(self.text)
        else:
            display(self)
