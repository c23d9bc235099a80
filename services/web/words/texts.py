"""What are the kinds of message called, and how is it said that a text cannot be used? In French."""

KINDS: dict[str, str] = {
    "booked": "Patient : rendez-vous fixé",
    "reminder": "Patient : rappel du rendez-vous",
    "moved": "Patient : rendez-vous déplacé",
    "promised": "Patient : place assurée, heure à venir",
    "cancelled": "Patient : rendez-vous annulé, une autre place est cherchée",
    "withdrawn": "Patient : rendez-vous annulé",
    "sought_no_more": "Patient : demande annulée",
    "being_read": "Patient : sa réponse est lue",
    "new_patient": "Praticien : un patient vient",
    "seat_freed": "Praticien : un patient ne vient plus",
    "slot_returned": "Praticien : un créneau est rendu",
    "call": "Praticien : des places manquent",
    "offer": "Praticien : un patient est proposé",
    "offer_taken": "Praticien : un confrère a dit oui",
    "offer_withdrawn": "Praticien : le patient n’attend plus",
    "offer_lost": "Praticien : l’heure n’est plus libre",
    "stranger_wrote": "Garde : SMS d’un numéro inconnu",
    "stranger_alarm": "Garde : mot d’alerte d’un numéro inconnu",
    "patient_wrote": "Garde : un patient a écrit",
    "patient_alarm": "Garde : mot d’alerte d’un patient",
    "to_call": "Garde : un patient à prévenir par téléphone",
    "escalated": "Garde : une demande sans place",
    "alarm": "Garde : alarme technique",
    "test": "Essai des alertes",
}
"""In the order in which they are offered. `call_15` is not: nobody rewords whom to call when it is serious."""

WRONG: dict[str, str] = {
    "fixed": "Ce texte de sécurité ne se change pas.",
    "braces": "Une accolade est seule, ou contient autre chose qu’un nom : écrivez par exemple {day}.",
    "unknown": "{name} n’existe pas dans ce message : retirez-le.",
    "missing": "{name} manque : sans lui, le message ne dit pas l’essentiel.",
    "long": "Ce texte prendrait {name} SMS : raccourcissez-le.",
    "health": "« {name} » peut révéler la santé d’une personne : un message n’en dit rien.",
    "empty": "Écrivez un texte, ou revenez à celui d’origine.",
}
"""By fault; `{name}` is the placeholder, the number, or the word."""
