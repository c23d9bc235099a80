"""How is said what a linked agenda does, why it could not be read, and which of its events were not used?"""
# ruff: noqa: E501 - a sentence is read whole

from services.web.words.problems import Said, Words

FEEDS: dict[str, Words] = {
    "unknown_feed": Words(
        404,
        Said("Agenda relié introuvable", "Il a déjà été délié : rechargez la page des agendas reliés."),
        Said("No such feed", "It was removed already: reload the list of feeds."),
    ),
    "too_many_feeds": Words(
        409,
        Said("Trop d'agendas reliés", "Un praticien relie au plus {most} agendas : déliez-en un d'abord."),
        Said("Too many feeds", "A practitioner links {most} agendas at most: remove one first."),
    ),
    "feed_not_asked": Words(
        409,
        Said(
            "Cet agenda est un fichier", "Un fichier ne se relit pas : envoyez le nouveau fichier, il prend sa place."
        ),
        Said("This feed is a file", "A file is not asked again: send the new file instead."),
    ),
    "busy_elsewhere": Words(
        409,
        Said(
            "Temps déjà pris",
            "Un agenda relié dit que ce temps est pris ({when_fr}) : changez l'heure, ou libérez-le dans cet agenda. Rien n'a été publié.",
        ),
        Said(
            "Busy elsewhere",
            "A linked agenda says that this time is taken ({when_en}): change the start, or free it in that agenda. Nothing was published.",
        ),
    ),
}

FIELDS: dict[str, tuple[str, str]] = {
    "not_https": (
        "L'adresse commence par https:// (ou webcal://) : copiez-la depuis votre agenda.",
        "The address begins with https:// (or webcal://): copy it from your agenda.",
    ),
    "not_an_address": (
        "Ce n'est pas une adresse complète : copiez-la de nouveau depuis votre agenda.",
        "This is not a whole address: copy it from your agenda again.",
    ),
    "name_in_address": (
        "Retirez le nom et le mot de passe de l'adresse : utilisez l'adresse secrète que donne votre agenda.",
        "Take the name and the password out of the address: use the secret address your agenda gives.",
    ),
    "not_a_calendar": (
        "Ce n'est pas un agenda iCalendar (.ics) : exportez-le de nouveau depuis votre logiciel.",
        "This is no iCalendar (.ics): export it from your software again.",
    ),
    "too_many": (
        "Cet agenda compte plus de 2 000 horaires en trois mois : exportez seulement ceux à ouvrir.",
        "This agenda holds more than 2,000 times in three months: export only those to open.",
    ),
    "needs_number": (
        "Donnez votre numéro RPPS (11 chiffres) ou ADELI (9) : c'est lui que l'on cherche sur ce serveur.",
        "Give your RPPS (11 digits) or ADELI (9): this is what is searched for on that server.",
    ),
    "many_modes": ("Choisissez parmi office, home, teleconsultation.", "Choose among office, home, teleconsultation."),
}

FAULTS: dict[str, str] = {
    "unreachable": "Le serveur de l'agenda ne répond pas. Vérifiez l'adresse ; sinon, Relais réessaie tout seul.",
    "forbidden_address": "Cette adresse mène dans un réseau privé : Relais ne s'y rend pas. Donnez l'adresse publique de l'agenda.",
    "not_secure": "La connexion n'est pas sûre (https et certificat valable) : signalez-le à l'éditeur de l'agenda.",
    "timed_out": "L'agenda met trop de temps à répondre. Relais réessaie tout seul ; si cela dure, exportez moins d'événements.",
    "too_large": "L'agenda est trop volumineux (plus de 4 Mo) : partagez un agenda qui ne contient que ces horaires.",
    "too_many_redirects": "L'adresse renvoie sans fin vers une autre : copiez-la de nouveau depuis votre agenda.",
    "not_a_calendar": "Ce qui est à cette adresse n'est pas un agenda iCalendar : copiez l'adresse au format iCal (.ics).",
    "not_fhir": "Ce serveur ne répond pas en FHIR R4 : demandez à l'éditeur l'adresse de base de son API FHIR.",
    "too_many": "L'agenda compte plus de 2 000 horaires en trois mois : partagez-en un qui ne contient que ceux-ci.",
    "elsewhere": "Ce serveur renvoie vers un autre pour la suite : Relais ne suit pas. Signalez-le à l'éditeur.",
    "forgotten": "L'adresse n'est plus lisible (données effacées) : déliez cet agenda, puis reliez-le.",
    "fault": "Une erreur de notre côté : l'exploitant en a la trace. Relais réessaie tout seul.",
    "status:401": "L'agenda demande à s'identifier : copiez l'adresse secrète (privée) plutôt que l'adresse publique.",
    "status:403": "L'agenda refuse l'accès : l'adresse secrète a peut-être été renouvelée, copiez-la de nouveau.",
    "status:404": "Il n'y a plus rien à cette adresse : copiez-la de nouveau depuis votre agenda.",
    "status:410": "Cet agenda n'est plus partagé : partagez-le de nouveau, puis reliez-le.",
}
_STATUS = "Le serveur de l'agenda répond par une erreur ({status}). Relais réessaie tout seul."

LEFT_OUT: dict[str, tuple[str, str]] = {
    "all_day": ("événement sur la journée entière, sans heure", "événements sur la journée entière, sans heure"),
    "too_short": ("horaire de moins de 5 minutes", "horaires de moins de 5 minutes"),
    "too_long": ("horaire de plus de 8 heures", "horaires de plus de 8 heures"),
    "unreadable": ("événement illisible", "événements illisibles"),
    "rule": ("répétition impossible à suivre", "répétitions impossibles à suivre"),
    "busy": ("horaire dans un temps déjà pris", "horaires dans un temps déjà pris"),
    "booked": (
        "rendez-vous Relais dans un temps pris : il reste",
        "rendez-vous Relais dans un temps pris : ils restent",
    ),
    "overlap": ("horaire qui en chevauche un autre", "horaires qui en chevauchent un autre"),
    "moved": (
        "horaire déplacé alors qu'un patient y est attendu",
        "horaires déplacés alors que des patients y sont attendus",
    ),
    "taken_back": ("horaire que vous avez retiré dans Relais", "horaires que vous avez retirés dans Relais"),
    "not_theirs": ("créneau d'un autre praticien", "créneaux d'autres praticiens"),
    "specialty": ("créneau d'une autre spécialité", "créneaux d'une autre spécialité"),
    "profession": ("créneau d'une autre profession", "créneaux d'une autre profession"),
    "walk_in": ("créneau sans rendez-vous", "créneaux sans rendez-vous"),
}
"""One, and several."""


def say_fault(fault: str) -> str:
    """Why the agenda could not be read, and what to do."""
    name, _, status = fault.partition(":")
    return FAULTS.get(fault) or FAULTS.get(name) or _STATUS.format(status=status or name)
