"""Live panels for notebooks: controls, a picture, a sentence. Needs ipywidgets (the extra `course`)."""

from .panel import Panel, panel
from .static import Static
from .step_panel import StepPanel, step_panel
from .sweep_panel import SweepPanel, sweep_panel

__all__ = ["Panel", "Static", "StepPanel", "SweepPanel", "panel", "step_panel", "sweep_panel"]
