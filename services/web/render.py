"""How does a page become HTML? One Jinja environment, its filters, and the values every page has."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from services.reference.professions import PROFESSIONS
from services.web import saying
from services.web.english import ENGLISH

PARIS = ZoneInfo("Europe/Paris")
_ICONS = "/static/vendor/icons.svg"
_OWN_MARKS = frozenset({"relais", "triangle"})
HOW = {"office": "au cabinet", "home": "à domicile", "teleconsultation": "en téléconsultation"}


def page(name: str, /, *, status: int = 200, **values: Any) -> HTMLResponse:
    """The template `name` with `values` (`now`, aware; `zone`, a ZoneInfo; `lang` "fr" unless given).

    No page is kept by a cache: what it shows is personal, and old a second later.
    """
    shown = {"lang": "fr", "zone": PARIS, **values}
    html = environment().get_template(name).render(shown)
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store", "Content-Language": shown["lang"]})


@cache
def environment() -> Environment:
    """The environment, made once. A name that a template misspells raises: nothing is silently empty."""
    folder = Path(__file__).parent / "templates"
    env = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        say_when=_say_when,
        say_day=_say_day,
        say_time=_say_time,
        say_month=_say_month,
        say_delay=lambda minutes: saying.say_delay(round(minutes)),
        phone=saying.say_phone,
        profession=profession_label,
        how=lambda mode: HOW[str(mode)],
        countdown=_countdown,
        plural=plural,
    )
    env.globals.update(_=_translate, icon=icon, professions=PROFESSIONS)
    return env


def icon(name: str) -> Markup:
    """An icon of the sprite. Decoration only: the words beside it say the same."""
    source = "/static/marks.svg" if name in _OWN_MARKS else _ICONS
    return Markup('<svg class="i" aria-hidden="true"><use href="{}#i-{}"></use></svg>').format(source, name)


def profession_label(code: str) -> str:
    """The profession's label; an unknown code (an imported one) is shown as it is."""
    known = PROFESSIONS.get(code)
    return known.label if known else code


def plural(count: int, one: str, several: str | None = None) -> str:
    """ "1 patient", "3 patients"; French says 0 and 1 in the singular."""
    return f"{count}{saying.NB}{one if count < 2 else several or one + 's'}"


@pass_context
def _translate(context: Context, text: str, **values: object) -> str:
    """The text in the page's language: itself in French, the catalogue's in English where there is one."""
    said = ENGLISH.get(text, text) if context["lang"] == "en" else saying.french(text)
    return said.format(**values) if values else said


@pass_context
def _say_when(context: Context, at: datetime, near: bool = True) -> str:
    return saying.say_when(at, context["zone"], context["now"], context["lang"], near=near)


@pass_context
def _say_day(context: Context, at: datetime, near: bool = True) -> str:
    return saying.say_day(at, context["zone"], context["now"], context["lang"], near=near)


@pass_context
def _say_time(context: Context, at: datetime) -> str:
    return saying.say_time(at, context["zone"], context["lang"])


@pass_context
def _say_month(context: Context, at: datetime) -> str:
    return saying.say_month(at, context["zone"], context["lang"])


@pass_context
def _countdown(context: Context, deadline: datetime) -> saying.Countdown:
    return saying.countdown(deadline, context["now"])
