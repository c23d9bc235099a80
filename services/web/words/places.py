"""How are refusals said that concern the place a patient is given, and the weeks places come from?"""

# ruff: noqa: E501 - a sentence is read whole

from services.web.words.problems import Said, Words

PLACES: dict[str, Words] = {
    "far_from_best": Words(
        409,
        Said(
            "Dites pourquoi ce créneau",
            "Il coûte {minutes} minutes de plus que le meilleur, que d'autres patients attendront. Choisissez une raison, ou un créneau mieux placé.",
        ),
        Said(
            "Say why this slot",
            "It costs {minutes} minutes more than the best one, which other patients will wait. Give a `why`, or take a better one.",
        ),
    ),
    "place_under_way": Words(
        409,
        Said("Place en cours d'attribution", "Attendez quelques secondes : le tableau montre la réponse."),
        Said("A place is being taken", "Wait a few seconds: the board shows the answer."),
    ),
    "nothing_to_repeat": Words(
        409,
        Said(
            "Rien à reprendre",
            "Ce jour-là n'avait aucun créneau encore à venir à cette heure, ou ils sont déjà ouverts. Ouvrez un créneau ci-dessous.",
        ),
        Said(
            "Nothing to repeat",
            "That day had no slot still to come at this hour, or they are open already. Open a slot instead.",
        ),
    ),
    "unknown_pattern": Words(
        404,
        Said("Semaine type introuvable", "Rechargez votre page : elle montre celles qui existent encore."),
        Said("No such week", "Reload your page: it shows those that still repeat."),
    ),
    "too_many_patterns": Words(
        409,
        Said(
            "Trop de semaines types",
            "Arrêtez-en une qui ne sert plus, ou réunissez plusieurs jours en une seule. Rien n'a été enregistré.",
        ),
        Said(
            "Too many weeks", "End one that is of no use any more, or put several days into one. Nothing was recorded."
        ),
    ),
    "same_place": Words(
        409,
        Said("C'est déjà sa place", "Le patient a déjà ce rendez-vous : choisissez-en un autre."),
        Said("The same place", "The patient has this appointment already: choose another one."),
    ),
}
