"""How are refusals said that concern the keeping of the house: messages set aside, erasure?"""
# ruff: noqa: E501 - a sentence is read whole

from services.web.words.problems import Said, Words

UPKEEP: dict[str, Words] = {
    "unknown_aside": Words(
        404,
        Said("Message introuvable", "Il a déjà été rejoué ou écarté : rechargez la liste des messages mis de côté."),
        Said("No such message", "It was replayed or dropped already: reload the list of messages set aside."),
    ),
    "empty_roster": Words(
        422,
        Said(
            "Personne à prévenir",
            "Gardez au moins une personne dans la liste : sans elle, une demande sans place resterait ignorée.",
        ),
        Said("Nobody to alert", "Keep one person on the list at least: without one, a miss would be silent."),
    ),
    "no_push": Words(
        409,
        Said(
            "Pas de notifications ici",
            "Aucun envoi vers les navigateurs n'est configuré : les alertes viennent par SMS.",
        ),
        Said("No notifications here", "No push to browsers is configured: alerts come by SMS."),
    ),
    "unknown_hook": Words(
        404,
        Said(
            "Adresse inconnue",
            "Aucun fournisseur de ce nom n'écrit ici, ou son secret n'est pas le bon : voyez RELAIS_PROVIDERS.",
        ),
        Said("Unknown address", "No provider of this name writes here, or its secret is wrong: see RELAIS_PROVIDERS."),
    ),
    "aside_no_reader": Words(
        409,
        Said(
            "Plus aucun lecteur pour ce message",
            "Cette version n'a pas de lecteur {reader} : écartez le message, ou rejouez-le avec la version qui l'avait.",
        ),
        Said(
            "Nobody reads this message any more",
            "This release has no reader {reader}: drop the message, or replay it with the release that had one.",
        ),
    ),
    "still_open": Words(
        409,
        Said(
            "Demande encore ouverte",
            "Rien n'a été effacé. Clôturez ou retirez d'abord la demande {request_id}, ou demandez à la retirer en même temps (--force).",
        ),
        Said(
            "Request still open",
            "Nothing was erased. Close or withdraw request {request_id} first, or ask to withdraw it at once (--force).",
        ),
    ),
    "nobody_to_erase": Words(
        404,
        Said(
            "Aucune demande trouvée",
            "Vérifiez le numéro de téléphone ou l'identifiant de la demande, et le territoire.",
        ),
        Said("No request found", "Check the phone number or the request's id, and the territory."),
    ),
    "request_erased": Words(
        410,
        Said("Demande effacée", "La personne a été effacée : ouvrez une nouvelle saisie pour une nouvelle demande."),
        Said("Request erased", "The person was erased: begin a new entry for a new request."),
    ),
    "aside_erased": Words(
        409,
        Said(
            "Contenu effacé",
            "La personne concernée a été effacée et le contenu n'est plus lisible : écartez le message.",
        ),
        Said("Content erased", "The person was erased and the content can no longer be read: drop the message."),
    ),
    "aside_failed": Words(
        409,
        Said(
            "Le message échoue encore",
            "Rien n'a changé et il reste de côté : {error}. Corrigez la cause, puis rejouez-le, ou écartez-le.",
        ),
        Said(
            "The message still fails",
            "Nothing has changed and it stays aside: {error}. Mend the cause and replay it, or drop it.",
        ),
    ),
}
