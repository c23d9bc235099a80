"""What does doctor say of one thing it looked at? Its state, what was seen, what to do."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["fine", "look", "wrong"]
MARKS = {"fine": "[green]✓[/green]", "look": "[yellow]![/yellow]", "wrong": "[red]✗[/red]"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: its state, what was seen, and what to do ("" = nothing)."""

    what: str
    state: State
    seen: str
    mend: str = ""

    def line(self) -> str:
        """For a terminal."""
        return f"{MARKS[self.state]} {self.what} : {self.seen}" + (f"\n    → {self.mend}" if self.mend else "")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
