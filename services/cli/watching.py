"""What is happening right now? The facts as they pass, one readable line each."""

import json
import sys
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from services.cli.doors import URL, signed_in

app = typer.Typer(no_args_is_help=True)

WORDS = {
    "request.entered.v1": "demande entrée",
    "request.unmatched.v1": "personne pour l'instant",
    "request.booked.v1": "place trouvée",
    "request.reopened.v1": "à replacer (annulée par le praticien)",
    "request.promised.v1": "promise au patient",
    "request.confirmed.v1": "confirmée par le patient",
    "request.withdrawn.v1": "retirée",
    "request.escalated.v1": "alerte à un humain",
    "escalation.acknowledged.v1": "alerte prise en charge",
    "request.closed.v1": "terminée",
    "slot.opened.v1": "créneau publié",
    "slot.closed.v1": "créneau repris",
    "slot.held.v1": "place retenue",
    "hold.released.v1": "place relâchée",
    "slot.chosen.v1": "place proposée",
    "exchange.chosen.v1": "échange de places proposé",
    "slot.booked.v1": "place prise",
    "slot.lost.v1": "place perdue, on cherche encore",
    "seat.freed.v1": "place rouverte",
    "booking.cancelled.v1": "rendez-vous annulé par le praticien",
    "booking.refused.v1": "place rendue",
    "practitioners.registered.v1": "praticiens inscrits",
    "practitioner.described.v1": "ce qu'un praticien accepte",
    "offer.made.v1": "praticien sollicité",
    "offer.accepted.v1": "praticien d'accord",
    "offer.declined.v1": "praticien non disponible",
    "offer.ended.v1": "sollicitation terminée",
    "patient.wrote.v1": "réponse du patient par SMS",
    "request.answered.v1": "réponse d'un patient, à lire",
    "text.reworded.v1": "texte de SMS changé",
    "stranger.wrote.v1": "SMS d'un numéro inconnu",
    "stranger.answered.v1": "SMS d'un numéro inconnu traité",
    "request.untold.v1": "patient sans SMS, à prévenir par téléphone",
    "slot.returned.v1": "créneau inutilisé, rendu",
    "pattern.set.v1": "semaine type enregistrée",
    "pattern.ended.v1": "semaine type arrêtée",
    "call.made.v1": "appel à ouvrir des créneaux",
    "delegation.set.v1": "délégation",
    "feed.added.v1": "agenda relié",
    "feed.removed.v1": "agenda délié",
    "roster.set.v1": "liste d'alerte",
    "scarcity.priced.v1": "où les places manquent",
    "message.due.v2": "message écrit",
    "message.sent.v2": "message remis",
    "message.failed.v1": "message non remis",
    "request.erased.v1": "données de la personne effacées",
    "alarm.raised.v1": "alarme technique",
    "aside.replayed.v1": "message mis de côté, rejoué",
    "aside.dropped.v1": "message mis de côté, écarté",
}


@app.callback()
def events() -> None:
    """The facts as they pass."""


@app.command("tail")
def tail(
    account: Annotated[str, typer.Option(help="Whose facts: ops sees every territory.")] = "ops",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    url: Annotated[str, typer.Option(help="Where Relais answers.")] = URL,
) -> None:
    """Follow the facts until Ctrl-C; reconnects when Relais restarts."""
    out = Console(highlight=False, soft_wrap=True)
    with signed_in(account, url) as client:
        try:
            while True:
                _follow(client, out, as_json)
        except KeyboardInterrupt:
            return
        except httpx.TransportError:
            out.print("Relais s'est arrêté.")


def _follow(client: httpx.Client, out: Console, as_json: bool) -> None:
    said: dict[str, str] = {}
    with client.stream("GET", "/api/events", timeout=None) as response:
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if name in ("id", "event", "data"):
                said[name] = value
            elif not line and said:
                _show(said, out, as_json)
                said = {}


def _show(said: dict[str, str], out: Console, as_json: bool) -> None:
    fact: dict[str, Any] = json.loads(said.get("data", "{}"))
    subject = said.get("event", "")
    if as_json:
        sys.stdout.write(json.dumps({"subject": subject, "sequence": said.get("id"), **fact}) + "\n")
        sys.stdout.flush()
    elif subject in WORDS:
        about = fact.get("request_id") or fact.get("slot_id") or ""
        time = str(fact.get("at", ""))[11:19]
        out.print(f"{said.get('id', ''):>7}  {time}  {fact.get('territory', ''):<18} {WORDS[subject]:<40} {about}")
    elif subject == "live":
        out.print("En direct. Ctrl-C pour arrêter.", style="dim")
