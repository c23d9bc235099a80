"""How is the day shown? A live panel while it is played, and the sheet of figures at the end. In French."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from schemas.territory import Territory
from services.demo.stage.shared import Stage
from services.demo.summary import Line, Summary
from services.reference.professions import PROFESSIONS

EVIDENCE = {"confirme": "périmètre confirmé", "probable": "périmètre probable", "hypothese": "périmètre supposé"}
DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
REASONS = {
    "left": "créneaux gardés pour plus urgent",
    "not_shown": "créneaux libres, mais réservés à d'autres",
    "excluded": "créneaux libres, mais chez un professionnel écarté",
    "other_specialty": "créneaux libres, mais dans une autre spécialité",
    "other_age": "créneaux libres, mais pour d'autres âges",
    "other_reason": "créneaux libres, mais pour d'autres motifs",
    "wrong_mode": "créneaux libres, mais dans un autre mode",
    "paused": "créneaux libres, mais professionnel en pause",
    "absent": "créneaux libres, mais professionnel absent",
    "day_full": "créneaux libres, mais professionnel au complet ce jour",
    "week_full": "créneaux libres, mais professionnel au complet cette semaine",
    "too_late": "créneaux libres, mais après le délai",
    "too_soon": "créneaux libres, mais trop proches dans le temps",
    "too_far": "créneaux libres, mais trop loin",
    "full": "créneaux tous pris",
    "none": "aucun créneau publié par cette profession",
}
STATES = {
    "fulfilled": "venus en consultation",
    "confirmed": "à venir, confirmés par le patient",
    "booked": "à venir",
    "promised": "assurées d'une place, heure à venir",
    "no_show": "non venus",
    "withdrawn": "annulées par le patient",
    "redirected": "réorientées par la personne d'astreinte",
    "advised": "closes par un conseil",
    "unmet": "sans solution",
    "escalated": "en recherche, personne d'astreinte alertée",
    "offering": "en recherche, praticiens sollicités",
    "seeking": "en recherche, délai non échu",
}
TOP_COMMUNES = 8
LATE = timedelta(minutes=20)
"""A lag of the demonstration beyond this is worth saying: people then act later than they would."""


def say_hour(moment: datetime, territory: Territory) -> str:
    """ "lundi 4 janvier 2027, 10 h 05" in the territory's zone."""
    local = moment.astimezone(territory.tz)
    day = f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}"
    return f"{day}, {local.hour} h {local.minute:02d}"


def say_minutes(minutes: float | None) -> str:
    """ "45 min", "3 h 05", "–" for none."""
    if minutes is None:
        return "–"
    whole = round(minutes)
    return f"{whole // 60} h {whole % 60:02d}" if whole >= 60 else f"{whole} min"


def introduce(territories: Iterable[Territory], professionals: Mapping[str, int]) -> RenderableType:
    """Which communities are played, and the state of their evidence."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Communauté", "Communes", "Professionnels", "État des données"):
        table.add_column(column, justify="right" if column in ("Communes", "Professionnels") else "left")
    for one in territories:
        count = f"{professionals[one.id]}" + ("" if one.professionals else " (estimés)")
        table.add_row(one.name, str(len(one.communes)), count, EVIDENCE[one.evidence])
    return table


class View:
    """The live panel; on a terminal it is redrawn, elsewhere `line` is said for each hour of the day."""

    def __init__(self, stage: Stage, territory: Territory) -> None:
        self._stage = stage
        self._territory = territory

    def __rich__(self) -> RenderableType:
        stage, now = self._stage, min(self._stage.time.now(), self._stage.end)
        done = max(timedelta(), now - stage.start) / (stage.end - stage.start)
        table = Table(box=None, expand=True, show_header=False, pad_edge=False)
        for _ in range(5):
            table.add_column(justify="center")
        counts = self._counts()
        table.add_row(*(Text(str(value), "bold") for value in counts.values()))
        table.add_row(*(Text(name, "dim") for name in counts))
        title = f"{say_hour(now, self._territory)}  (× {stage.time.speed:.0f})"
        parts: list[RenderableType] = [ProgressBar(total=1.0, completed=done), Text(), table]
        if stage.lag > LATE:
            late = say_minutes(stage.lag.total_seconds() / 60)
            parts.append(Text(f"Cette machine a {late} de retard : choisissez un --speed plus petit.", "yellow"))
        if stage.doors.errors:
            parts.append(Text(f"{stage.doors.errors.total()} erreurs aux portes de Relais", "red"))
        return Panel(Group(*parts), title=title)

    async def next_hour(self) -> None:
        """Wait for the next whole hour of the day."""
        hour = timedelta(hours=1)
        since = self._stage.time.now() - self._stage.start
        await self._stage.time.until(self._stage.start + (since // hour + 1) * hour)

    def line(self) -> str:
        """One line for a log."""
        said = ", ".join(f"{name} {value}" for name, value in self._counts().items())
        return f"{say_hour(self._stage.time.now(), self._territory)} : {said}"

    def _counts(self) -> dict[str, int]:
        figures, counted = self._stage.figures.values(), self._stage.counted
        return {
            "demandes": sum(one["asked"] for one in figures),
            "placées": sum(one["booked"] for one in figures),
            "alertes": sum(one["escalated"] for one in figures),
            "annulées": sum(one["withdrawn"] for one in figures),
            "créneaux retirés": counted["slots cancelled"],
        }


def sheet(summary: Summary) -> RenderableType:
    """The figures of the day, as printed at the end."""
    return Group(
        _headline(summary),
        Text(),
        _table("Profession", summary.by_profession, lambda line: PROFESSIONS[line.name].label),
        Text(),
        _table("Commune", summary.by_commune[:TOP_COMMUNES], lambda line: line.name),
        Text(),
        _list("Où en sont les demandes", {STATES[state]: n for state, n in summary.states.items()}),
        _list("Pourquoi certaines n'ont pas de place", {REASONS[code]: n for code, n in summary.reasons.items()}),
        _list("Ce qui s'est passé autour", _around(summary)),
    )


def report_trouble(console: Console, stage: Stage) -> None:
    """A machine too slow, refusals that are part of life in grey, errors in red; nothing when all went well."""
    if stage.most_lag > LATE:
        late = say_minutes(stage.most_lag.total_seconds() / 60)
        console.print(
            Text(
                f"Cette machine a eu jusqu'à {late} de retard : à lire avec prudence, ou --speed plus petit.", "yellow"
            )
        )
    if stage.doors.refused:
        said = ", ".join(f"{count} × {door}" for door, count in stage.doors.refused.most_common())
        console.print(Text(f"Refus attendus (quelqu'un a été plus rapide) : {said}", "dim"))
    for door, count in stage.doors.errors.most_common():
        console.print(Text(f"Erreur : {count} × {door}", "red"))


def _headline(summary: Summary) -> RenderableType:
    total, usual = summary.total, summary.usual
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right", style="bold")
    table.add_column()
    table.add_row(str(total.asked), "demandes de soins")
    table.add_row(_percent(summary.share_24h), f"vues ou à voir dans les 24 h ({total.within_24h})")
    table.add_row(_percent(summary.share_promise), f"dans le délai promis, 6, 24 ou 48 h ({total.in_promise})")
    table.add_row(
        say_minutes(total.median_wait_minutes), "d'attente médiane de l'appel à la consultation (colonne « attente »)"
    )
    if usual[1]:
        table.add_row(_percent(usual[0] / usual[1]), f"chez leur médecin traitant ({usual[0]} sur {usual[1]})")
    return table


def _table(title: str, lines: Iterable[Line], name: Callable[[Line], str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(title, no_wrap=True, min_width=24)
    for column in ("demandes", "placées", "≤ 24 h", "en cours", "sans place", "attente"):
        table.add_column(column, justify="right")
    for line in lines:
        counts = (line.asked, line.placed, line.within_24h, line.waiting, line.not_placed)
        table.add_row(name(line), *map(str, counts), say_minutes(line.median_wait_minutes))
    return table


def _list(title: str, counts: Mapping[str, int]) -> RenderableType:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right")
    table.add_column()
    for words, count in counts.items():
        table.add_row(str(count), words)
    return Group(Text(title, "bold"), table, Text()) if counts else Group()


def _around(summary: Summary) -> dict[str, int]:
    return {
        "places ouvertes par les professionnels": summary.seats_opened,
        "créneaux retirés par leur professionnel": summary.slots_cancelled,
        "rendez-vous annulés par le patient": summary.patients_cancelled,
        "rendez-vous confirmés par le lien du SMS": summary.confirmed_by_link,
        "alertes à une personne d'astreinte": summary.escalated,
        "messages envoyés": sum(summary.messages.values()),
    }


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"
