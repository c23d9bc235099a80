"""How is it drawn? Bars and curves as SVG, by hand: two kinds of drawing are no reason for a library."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH = 760
COLOURS = ("#1b6ca8", "#c8553d", "#588157", "#7b5ea7", "#b8860b", "#4a4a4a", "#2a9d8f", "#9b2226")
FONT = 'font-family="system-ui, sans-serif" font-size="13"'


def bars(title: str, groups: Mapping[str, Mapping[str, float]], unit: str) -> str:
    """One bar for each name in each group; groups side by side as panels, all on one scale from 0."""
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    most = max(value for group in groups.values() for value in group.values()) or 1.0
    panel = (WIDTH - 230) / len(groups)
    drawn = [_text(16, 24, title, weight="bold")]
    for row, name in enumerate(names):
        drawn.append(_text(220, 72 + row * 26, name, anchor="end"))
    for number, (group, values) in enumerate(groups.items()):
        left = 230 + number * panel
        drawn.append(_text(left, 48, group, weight="bold"))
        for row, name in enumerate(names):
            if name in values:
                width = max(0.0, values[name]) / most * (panel - 70)
                top = 58 + row * 26
                drawn.append(
                    f'<rect x="{left:.0f}" y="{top}" width="{width:.1f}" height="18" fill="{COLOURS[number]}"/>'
                )
                drawn.append(_text(left + width + 6, top + 14, f"{values[name]:.1f} {unit}"))
    return _svg(title, 72 + len(names) * 26, drawn)


def curves(title: str, lines: Mapping[str, Sequence[tuple[float, float]]], across: str, up: str) -> str:
    """One line for each name through its (x, y); both axes from 0 to their most."""
    height, left, bottom = 400, 60, 350
    most_x = max(x for points in lines.values() for x, _ in points) or 1.0
    most_y = max(y for points in lines.values() for _, y in points) or 1.0
    wide, tall = WIDTH - left - 210, bottom - 50
    drawn = [_text(16, 24, title, weight="bold"), _text(left, height - 12, across), _text(left, 44, up)]
    for part in range(5):
        y, x = bottom - tall * part / 4, left + wide * part / 4
        drawn.append(f'<line x1="{left}" y1="{y:.0f}" x2="{left + wide}" y2="{y:.0f}" stroke="#bbb"/>')
        drawn.append(_text(left - 6, y + 4, f"{most_y * part / 4:g}", anchor="end"))
        drawn.append(_text(x, bottom + 18, f"{most_x * part / 4:g}", anchor="middle"))
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{left + x / most_x * wide:.1f},{bottom - y / most_y * tall:.1f}" for x, y in points)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn.append(f'<rect x="{left + wide + 16}" y="{52 + number * 22}" width="14" height="4" fill="{colour}"/>')
        drawn.append(_text(left + wide + 36, 58 + number * 22, name))
    return _svg(title, height, drawn)


def _text(x: float, y: float, said: str, anchor: str = "start", weight: str = "normal") -> str:
    where = f'x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text {where} {FONT} fill="#222">{escape(said)}</text>'


def _svg(title: str, height: float, drawn: Sequence[str]) -> str:
    size = f'width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}"'
    paper = f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(title, quote=True)}">'
    return "\n".join([head, paper, *drawn, "</svg>"]) + "\n"
