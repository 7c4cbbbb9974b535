"""The pieces of which the terminal's report is made."""

from collections.abc import Sequence

from rich.table import Table


def table(title: str, *columns: tuple[str, str]) -> Table:
    """Without lines; each column with heading and justification."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0), title_style="bold")
    for heading, justify in columns:
        made.add_column(heading, justify=justify, header_style="dim", overflow="fold")  # type: ignore[arg-type]
    return made


def in_columns(title: str, rows: Sequence[tuple[str, int]]) -> Table:
    """What happened how often, three to a line; what never did is red."""
    made = table(title, *((("", "left"), ("次", "right")) * 3))
    cells = [(name, str(times) if times else "[red]0[/red]") for name, times in rows]
    for first in range(0, len(cells), 3):
        made.add_row(*(cell for row in cells[first : first + 3] for cell in row))
    return made
