"""A chart with its numbers in people's units: what the notebooks show side by side."""

from .charts import Chart
from .table import Table


class Study(Chart):
    """A Chart whose rows are those of its table. The table has no caption: it stands under the chart's own."""

    def __init__(self, chart, rows):
        super().__init__(chart.figure, chart.caption, chart.alt, rows)

    def table(self):
        """The numbers of the chart as a Table."""
        return Table(list(dict.fromkeys(key for row in self.rows for key in row)), self.rows)


def widest(rows, y, law):
    """The largest distance of column `y` from column `law`, as " 0.1 %": at least that, so that 0 is not claimed."""
    gap = max(abs(row[y] / row[law] - 1) for row in rows)
    return f"{max(100 * gap, 0.1):.1f} %"
