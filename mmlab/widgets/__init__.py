"""Live panels for notebooks: controls, a picture, a sentence. Needs ipywidgets (the extra `course`)."""

from .panel import Panel, panel
from .static import Static

__all__ = ["Panel", "Static", "panel"]
