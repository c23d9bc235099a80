"""How is a refusal said, in French and in English? By code; `{…}` is filled by whoever refuses."""
# ruff: noqa: E501 - a sentence is read whole

from typing import NamedTuple


class Said(NamedTuple):
    """A title, and a sentence that says what to do."""

    title: str
    detail: str


class Words(NamedTuple):
    """One refusal: its HTTP status and its words in each language."""

    status: int
    fr: Said
    en: Said


PROBLEMS: dict[str, Words] = {
    # --- who is asking -------------------------------------------------------------------------------------
    "signed_out": Words(
        401,
        Said("Session terminée", "Choisissez de nouveau votre compte sur la page d'accueil, puis recommencez."),
        Said("Signed out", "Choose your account again on the first page, then try again."),
    ),
    "forbidden": Words(
        403,
        Said(
            "Action réservée",
            "Votre rôle ne permet pas cette action : adressez-vous à une personne qui en a le droit.",
        ),
        Said("Not allowed", "Your role does not allow this: ask somebody who has the right."),
    ),
    "foreign_origin": Words(
        403,
        Said(
            "Demande venue d'un autre site",
            "Ouvrez Relais à son adresse habituelle et recommencez depuis sa page.",
        ),
        Said("Sent from another site", "Open Relais at its usual address and try again from its own page."),
    ),
    "unknown_host": Words(
        421,
        Said("Adresse inattendue", "Ouvrez Relais à l'adresse affichée à son démarrage."),
        Said("Unexpected address", "Open Relais at the address it printed when it started."),
    ),
    "unknown_account": Words(
        404,
        Said("Compte inconnu", "Choisissez un compte de la liste de la page d'accueil."),
        Said("Unknown account", "Choose an account from the list on the first page."),
    ),
    "unknown_territory": Words(
        404,
        Said("Territoire inconnu", "Choisissez un territoire de la liste de la page d'accueil."),
        Said("Unknown territory", "Choose a territory from the list on the first page."),
    ),
    "unknown_message": Words(
        404,
        Said("SMS déjà traité", "Quelqu’un s’en est occupé, ou il n’est pas de ce territoire : rechargez la page."),
        Said("SMS dealt with already", "Somebody has dealt with it, or it is not of this territory: reload the page."),
    ),
    "too_many": Words(
        429,
        Said("Trop d'essais", "Attendez une minute, puis ouvrez le lien exact reçu par SMS."),
        Said("Too many tries", "Wait a minute, then open the exact link from your text message."),
    ),
    # --- what was sent -------------------------------------------------------------------------------------
    "invalid": Words(
        422,
        Said(
            "Saisie à corriger",
            "Corrigez les champs signalés, puis envoyez de nouveau. Rien n'a été enregistré.",
        ),
        Said("Please correct", "Correct the fields named below, then send again. Nothing was recorded."),
    ),
    "unreadable": Words(
        400,
        Said(
            "Envoi illisible",
            "Envoyez du JSON valide, en UTF-8, avec l'en-tête Content-Type: application/json.",
        ),
        Said("Unreadable body", "Send valid JSON in UTF-8 with the header Content-Type: application/json."),
    ),
    "too_large": Words(
        413,
        Said(
            "Envoi trop volumineux",
            "Un envoi compte au plus {most} ko : raccourcissez le texte, ou envoyez en plusieurs fois.",
        ),
        Said("Body too large", "A request holds at most {most} kB: shorten the text, or send it in several parts."),
    ),
    "key_reused": Words(
        422,
        Said(
            "Clé déjà utilisée",
            "Cette clé d'idempotence a servi pour un autre contenu. Prenez une nouvelle clé pour ce contenu ; la première demande reste inchangée.",
        ),
        Said(
            "Key already used",
            "This idempotency key was used for other content. Take a new key for this content; the first request is unchanged.",
        ),
    ),
    "not_found": Words(
        404,
        Said("Page introuvable", "Vérifiez l'adresse, ou revenez à la page d'accueil."),
        Said("Not found", "Check the address, or go back to the first page."),
    ),
    "method_not_allowed": Words(
        405,
        Said(
            "Méthode refusée",
            "Cette adresse existe, mais pas avec cette méthode : consultez /docs/openapi.json.",
        ),
        Said("Method not allowed", "This address exists, but not with this method: see /docs/openapi.json."),
    ),
    # --- requests ------------------------------------------------------------------------------------------
    "unknown_request": Words(
        404,
        Said(
            "Demande introuvable",
            "Cherchez-la sur le tableau de votre territoire : son numéro n'y figure pas.",
        ),
        Said("Request not found", "Look for it on the board of your territory: this number is not on it."),
    ),
    "already_entered": Words(
        409,
        Said("Demande déjà enregistrée", "Ouvrez-la sur le tableau, ou commencez une nouvelle saisie."),
        Said("Request already entered", "Open it on the board, or start a new entry."),
    ),
    "already_closed": Words(
        409,
        Said(
            "Demande déjà terminée",
            "Rien n'a été changé. Si le besoin demeure, saisissez une nouvelle demande.",
        ),
        Said("Request already closed", "Nothing was changed. If care is still needed, enter a new request."),
    ),
    "already_booked": Words(
        409,
        Said(
            "Demande déjà placée",
            "Cette demande a déjà un rendez-vous : annulez-la d'abord, ou ouvrez-la sur le tableau.",
        ),
        Said(
            "Request already placed",
            "This request already has an appointment: withdraw it first, or open it on the board.",
        ),
    ),
    "not_booked": Words(
        409,
        Said(
            "Pas de rendez-vous en cours",
            "Cette demande n'a pas de rendez-vous : attendez qu'une place soit trouvée, ou proposez-en une.",
        ),
        Said("No appointment", "This request has no appointment: wait until a place is found, or offer one."),
    ),
    "not_escalated": Words(
        409,
        Said("Aucune alerte en cours", "Cette demande n'attend pas de prise en main : rien n'a été changé."),
        Said("No alert", "This request waits for nobody to take it in hand: nothing was changed."),
    ),
    "not_begun": Words(
        409,
        Said(
            "Consultation pas encore commencée",
            "Attendez l'heure du rendez-vous pour dire si le patient est venu.",
        ),
        Said("Visit not begun", "Wait for the time of the appointment to say whether the patient came."),
    ),
    # --- slots ---------------------------------------------------------------------------------------------
    "slot_taken": Words(
        409,
        Said("Créneau déjà pris", "Ce créneau vient d'être pris : choisissez l'un des suivants."),
        Said("Slot taken", "This slot has just been taken: choose one of the next."),
    ),
    "slot_closed": Words(
        409,
        Said("Créneau retiré", "Le praticien vient de retirer ce créneau : choisissez l'un des suivants."),
        Said("Slot withdrawn", "The practitioner has just withdrawn this slot: choose one of the next."),
    ),
    "slot_past": Words(
        409,
        Said("Créneau passé", "L'heure de ce créneau est passée : choisissez l'un des suivants."),
        Said("Slot in the past", "The time of this slot has passed: choose one of the next."),
    ),
    "unknown_slot": Words(
        404,
        Said("Créneau introuvable", "Rechargez la liste des créneaux, puis choisissez-en un autre."),
        Said("Slot not found", "Reload the list of slots, then choose another."),
    ),
    "slot_already_closed": Words(
        409,
        Said("Créneau déjà annulé", "Il n'y a rien d'autre à faire : ses patients ont déjà été prévenus."),
        Said("Slot already cancelled", "There is nothing more to do: its patients have already been told."),
    ),
    "overlap": Words(
        409,
        Said(
            "Créneaux qui se chevauchent",
            "Un autre créneau de ce praticien occupe déjà ce temps ({when_fr}, {minutes} min) : changez l'heure ou la durée, ou annulez l'autre. Rien n'a été publié.",
        ),
        Said(
            "Overlapping slots",
            "Another slot of this practitioner already takes this time ({when_en}, {minutes} min): change the start or the length, or cancel the other. Nothing was published.",
        ),
    ),
    "past": Words(
        422,
        Said("Créneau dans le passé", "Choisissez une heure à venir. Rien n'a été publié."),
        Said("Slot in the past", "Choose a time to come. Nothing was published."),
    ),
    "too_far_ahead": Words(
        422,
        Said(
            "Créneau trop lointain",
            "Publiez des créneaux des {days} jours qui viennent. Rien n'a été publié.",
        ),
        Said("Slot too far ahead", "Publish slots within the next {days} days. Nothing was published."),
    ),
    "unknown_practitioner": Words(
        404,
        Said("Praticien inconnu", "Choisissez un praticien de la liste de votre territoire."),
        Said("Unknown practitioner", "Choose a practitioner from the list of your territory."),
    ),
    "which_practitioner": Words(
        422,
        Said("Pour quel praticien ?", "Indiquez practitioner_id : le praticien au nom duquel vous agissez."),
        Said("For which practitioner?", "Give practitioner_id: the practitioner in whose name you act."),
    ),
    # --- the patient's link --------------------------------------------------------------------------------
    "unknown_link": Words(
        404,
        Said(
            "Lien inconnu",
            "Ouvrez le lien exact reçu par SMS, sans en changer une lettre. Sinon, appelez le numéro du message.",
        ),
        Said(
            "Unknown link",
            "Open the exact link from your text message, letter by letter. Otherwise call the number in it.",
        ),
    ),
    "expired_link": Words(
        410,
        Said("Lien expiré", "Ce rendez-vous est passé. Pour un nouveau besoin, appelez le {phone}."),
        Said("Link expired", "This appointment is over. If you need care again, call {phone}."),
    ),
    "link_closed": Words(
        409,
        Said(
            "Rendez-vous déjà annulé ou terminé",
            "Vous n'avez rien d'autre à faire. Si vous avez encore besoin de soins, appelez le {phone}.",
        ),
        Said(
            "Appointment already cancelled or over",
            "There is nothing more to do. If you still need care, call {phone}.",
        ),
    ),
    "link_moved": Words(
        409,
        Said(
            "Rendez-vous déplacé",
            "Ce rendez-vous a changé : rechargez la page pour voir où il en est, ou appelez le {phone}.",
        ),
        Said(
            "Appointment moved",
            "This appointment has changed: reload the page to see where it stands, or call {phone}.",
        ),
    ),
    # --- our side ------------------------------------------------------------------------------------------
    "refused": Words(
        409,
        Said(
            "Action impossible maintenant",
            "L'état a changé entre-temps et rien n'a été fait : rechargez, puis recommencez.",
        ),
        Said("Not possible now", "Things have changed meanwhile and nothing was done: reload, then try again."),
    ),
    "busy": Words(
        503,
        Said(
            "Un instant",
            "La réponse n'est pas encore prête : recommencez dans quelques secondes, avec la même clé.",
        ),
        Said("One moment", "The answer is not ready yet: try again in a few seconds, with the same key."),
    ),
    "fault": Words(
        500,
        Said(
            "Erreur de notre côté",
            "Gardez votre saisie et recommencez avec la même clé. Si cela dure, donnez à l'exploitant la référence {reference}.",
        ),
        Said(
            "Our mistake",
            "Keep what you typed and try again with the same key. If it goes on, give the operator the reference {reference}.",
        ),
    ),
}
