"""Is everything set up as it must be, and if not, what is to be done?"""

import json
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import text

from availability import upstream
from availability.upstream import FeedRow
from dispatcher import roster
from dispatcher import store as dispatcher
from services.build import known_territories
from services.bus.relay import unpublished
from services.bus.server import NatsMissing, find_server, server_version
from services.cli.bus_findings import of_bus
from services.cli.finding import Finding
from services.clock import JUMP
from services.reference.communes import load_communes
from services.settings import Settings
from services.storage.aside import listing
from services.storage.beats import BeatRow, beats
from services.storage.database import Database
from services.watch.alarms import open_alarms

SILENT_AFTER = 60.0
"""Seconds without a beat after which a process that did not say goodbye is taken for dead."""


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything, whether Relais runs or not. Never raises."""
    findings = [_python(), _nats(), _communes(), _folder(settings.data_dir), _keys(settings)]
    findings.append(await _web(settings))
    findings += await of_bus(settings)
    findings += [finding async for finding in _database(settings)]
    return findings


def _python() -> Finding:
    return Finding("Python", "fine", ".".join(map(str, sys.version_info[:3])))


def _nats() -> Finding:
    try:
        binary = find_server()
    except NatsMissing as missing:
        return Finding("nats-server", "wrong", "introuvable", str(missing))
    version = ".".join(map(str, server_version(binary)))
    return Finding("nats-server", "fine", f"{version} ({binary})")


def _communes() -> Finding:
    count = len(load_communes())
    return Finding("Communes", "fine" if count > 34_000 else "wrong", f"{count} communes")


def _folder(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".doctor"
        probe.write_text("")
        probe.unlink()
    except OSError as failed:
        return Finding("Dossier de données", "wrong", f"{folder} : {failed.strerror}", "donnez-y le droit d'écrire")
    return Finding("Dossier de données", "fine", str(folder.resolve()))


def _keys(settings: Settings) -> Finding:
    path = settings.data_dir / "master.key"
    if settings.master_key:
        return Finding("Clé maîtresse", "fine", "RELAIS_MASTER_KEY")
    if not path.exists():
        return Finding("Clé maîtresse", "look", "pas encore créée", "elle le sera au premier `relais up`")
    if path.stat().st_mode & 0o077:
        return Finding("Clé maîtresse", "wrong", f"{path} est lisible par d'autres", f"chmod 600 {path}")
    return Finding("Clé maîtresse", "fine", "présente, à vous seul ; gardez-en une copie hors de la sauvegarde")


async def _web(settings: Settings) -> Finding:
    try:
        async with httpx.AsyncClient(timeout=3) as client:
            said = (await client.get(f"http://{settings.host}:{settings.port}/health")).json()
    except (httpx.HTTPError, ValueError):
        return Finding("Relais", "look", "ne tourne pas ici", "`make run` (ou `relais up`)")
    if not said.get("bus"):
        return Finding("Relais", "wrong", "tourne, mais NATS est coupé", "les demandes entrent ; relancez NATS")
    return Finding("Relais", "fine", f"en marche, {said.get('outbox_waiting')} fait(s) à publier")


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    file = settings.data_dir / "relais.db"
    if settings.database_url is None and not file.exists():
        yield Finding("Base de données", "look", "pas encore créée", "elle le sera au premier `relais up`")
        return
    database = Database(settings.database)
    try:
        async with database.read() as db:
            await db.execute(text("SELECT 1 FROM care_request LIMIT 1"))
            waiting, aside = await unpublished(db), await listing(db, 1000)
            empty = [one for one in known_territories(settings) if not await roster.people(db, one)]
            unwatched = await dispatcher.without_timer(db)
            alarms, heard = await open_alarms(db), await beats(db)
            linked = await upstream.feeds(db)
    except Exception as failed:
        yield Finding("Base de données", "wrong", type(failed).__name__, "vérifiez RELAIS_DATABASE_URL et le serveur")
        return
    finally:
        await database.close()
    yield Finding("Base de données", "fine", database.dialect)
    yield Finding("Faits à publier", "fine" if waiting < 1000 else "look", str(waiting))
    mend = "`relais aside list`, ou la page Exploitation (/operations) : la raison y est" if aside else ""
    yield Finding("Messages mis de côté", "wrong" if aside else "fine", str(len(aside)), mend)
    names = ", ".join(empty)
    mend = "un territoire sans personne à alerter laisserait un échec silencieux" if empty else ""
    yield Finding("Personnes à alerter", "wrong" if empty else "fine", names or "chaque territoire en a", mend)
    mend = "le balayage les répare en 30 s quand Relais tourne" if unwatched else ""
    yield Finding("Demandes sans échéance", "wrong" if unwatched else "fine", str(len(unwatched)), mend)
    yield of_feeds(linked)
    for alarm in alarms:
        yield Finding("Alarme", "wrong", alarm.words, f"le détail : page Exploitation ({alarm.kind}, {alarm.about})")
    for finding in of_beats(heard, datetime.now(UTC)):
        yield finding


def of_feeds(linked: Sequence[FeedRow]) -> Finding:
    """Which linked agendas could not be read. One failure is a look; hours of them are an alarm of their own."""
    failing = [one for one in linked if one.error is not None]
    if not failing:
        return Finding("Agendas reliés", "fine", f"{len(linked)}, tous lus" if linked else "aucun")
    seen = ", ".join(f"{one.host} de {one.practitioner_id} ({one.error})" for one in failing[:10])
    return Finding(
        "Agendas reliés",
        "look",
        f"{len(failing)} sur {len(linked)} non lus : {seen}",
        "page Agendas reliés (/feeds) : la raison, et que faire",
    )


def of_beats(heard: Sequence[BeatRow], now: datetime) -> list[Finding]:
    """Which processes were heard of, which are silent, and whose clock jumped. A running Relais beats every 10 s."""
    silent = [beat for beat in heard if (now - beat.at).total_seconds() > SILENT_AFTER]
    jumped = [beat.name for beat in heard if abs(_strayed(beat)) > JUMP.total_seconds()]
    found = [Finding("Processus", "fine", ", ".join(beat.name for beat in heard if beat not in silent) or "aucun")]
    if silent and len(silent) < len(heard):  # else nothing runs, and that was said
        names = ", ".join(beat.name for beat in silent)
        mend = "relancez-les (`relais up`, ou le service de chaque pièce) ; une ligne s'efface d'elle-même en un jour"
        found.append(Finding("Processus muets", "wrong", names, mend))
    if jumped:
        mend = "vérifiez l'heure de la machine (chrony, systemd-timesyncd), puis redémarrez-les"
        found.append(Finding("Horloge", "wrong", f"a sauté : {', '.join(jumped)}", mend))
    return found


def _strayed(beat: BeatRow) -> float:
    try:
        return float(json.loads(beat.detail).get("strayed", 0))
    except (ValueError, AttributeError):
        return 0.0
