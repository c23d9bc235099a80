"""What is said beside a field that must be corrected, in French and in English? By code."""
# ruff: noqa: E501 - a sentence is read whole

from services.reference import phones

_MODES_FR = "office (cabinet), home (domicile) ou teleconsultation"

FIELDS: dict[str, tuple[str, str]] = {
    # What pydantic finds, by its own name of the fault.
    "missing": ("Ce champ est obligatoire : remplissez-le.", "This field is required: fill it in."),
    "string_type": ("Écrivez un texte.", "Write a text."),
    "string_too_short": (
        "Écrivez au moins {min_length} caractères.",
        "Write at least {min_length} characters.",
    ),
    "string_too_long": (
        "Raccourcissez : au plus {max_length} caractères.",
        "Shorten it: at most {max_length} characters.",
    ),
    "string_pattern_mismatch": (
        "Vérifiez l'écriture de cette valeur : elle n'a pas la forme attendue.",
        "Check how this is written: it does not have the expected form.",
    ),
    "int_type": ("Écrivez un nombre entier.", "Write a whole number."),
    "int_parsing": ("Écrivez un nombre entier.", "Write a whole number."),
    "int_from_float": ("Écrivez un nombre entier.", "Write a whole number."),
    "int_parsing_size": ("Écrivez un nombre plus petit.", "Write a smaller number."),
    "float_type": ("Écrivez un nombre.", "Write a number."),
    "float_parsing": ("Écrivez un nombre.", "Write a number."),
    "finite_number": ("Écrivez un nombre fini.", "Write a finite number."),
    "bool_type": ("Répondez par true ou false.", "Answer true or false."),
    "bool_parsing": ("Répondez par true ou false.", "Answer true or false."),
    "greater_than": ("Choisissez un nombre supérieur à {gt}.", "Choose a number above {gt}."),
    "greater_than_equal": ("Choisissez un nombre d'au moins {ge}.", "Choose a number of at least {ge}."),
    "less_than": ("Choisissez un nombre inférieur à {lt}.", "Choose a number below {lt}."),
    "less_than_equal": ("Choisissez un nombre d'au plus {le}.", "Choose a number of at most {le}."),
    "literal_error": ("Choisissez parmi : {expected}.", "Choose among: {expected}."),
    "enum": ("Choisissez parmi : {expected}.", "Choose among: {expected}."),
    "too_short": ("Donnez-en au moins {min_length}.", "Give at least {min_length}."),
    "too_long": ("Donnez-en au plus {max_length}.", "Give at most {max_length}."),
    "tuple_type": ("Donnez une liste.", "Give a list."),
    "list_type": ("Donnez une liste.", "Give a list."),
    "model_attributes_type": ("Donnez un objet JSON.", "Give a JSON object."),
    "not_text": (
        "Ce texte contient des signes illisibles : tapez-le de nouveau.",
        "This text holds unreadable signs: type it again.",
    ),
    "value": ("Vérifiez cette valeur : elle n'est pas acceptée.", "Check this value: it is not accepted."),
    # What the field's own rules find.
    "told_at_once": (
        "Ce territoire dit l'heure tout de suite : décochez « heure dite plus tard ».",
        "This territory tells the hour at once: leave `can_wait` out.",
    ),
    "unknown_place": (
        "Ce lieu n'est plus parmi les vôtres : rechargez la page et choisissez de nouveau.",
        "This is none of your places any more: reload the page and choose again.",
    ),
    "capacity": (
        "Choisissez entre 1 et 50 patients par créneau.",
        "Choose between 1 and 50 patients a slot.",
    ),
    "minutes": ("Choisissez une durée entre 5 et 480 minutes.", "Choose a length between 5 and 480 minutes."),
    "hours": (
        "Choisissez un délai entre 1 et 336 heures (14 jours).",
        "Choose a delay between 1 and 336 hours (14 days).",
    ),
    "modes": (
        f"Choisissez au moins un mode : {_MODES_FR}.",
        "Choose at least one mode: office, home or teleconsultation.",
    ),
    "idempotency_key": (
        "Envoyez l'en-tête Idempotency-Key : 8 à 100 lettres, chiffres ou tirets, une clé nouvelle par saisie.",
        "Send the header Idempotency-Key: 8 to 100 letters, digits or hyphens, a new key for each entry.",
    ),
    "request_id": (
        "Donnez 16 à 40 lettres minuscules, chiffres ou tirets, ou laissez ce champ vide.",
        "Give 16 to 40 small letters, digits or hyphens, or leave this out.",
    ),
    "too_close": (
        "Donnez au moins 5 minutes à chaque patient : allongez le créneau ou prenez-en moins.",
        "Give each patient at least 5 minutes: lengthen the slot or take fewer.",
    ),
    "birth_year": (
        "Vérifiez l'année de naissance : quatre chiffres, entre {oldest} et {youngest}.",
        "Check the year of birth: four digits, between {oldest} and {youngest}.",
    ),
    "unknown_commune": (
        "Commune inconnue : choisissez-la dans la liste, par son nom ou son code postal.",
        "Unknown commune: choose it from the list, by its name or its postal code.",
    ),
    "several_communes": (
        "Plusieurs communes portent ce nom ou ce code : choisissez la bonne dans la liste.",
        "Several communes have this name or code: choose the right one from the list.",
    ),
    "unknown_profession": (
        "Profession inconnue : choisissez-en une dans la liste.",
        "Unknown profession: choose one from the list.",
    ),
    "unknown_practitioner": (
        "Praticien inconnu sur votre territoire : cherchez-le par son nom, ou laissez ce champ vide.",
        "No such practitioner in your territory: search by name, or leave this out.",
    ),
    "unknown_person": (
        "Compte inconnu sur ce territoire : choisissez-en un de la liste, ou laissez ce champ vide.",
        "No such account in this territory: choose one from the list, or leave this out.",
    ),
    "named_twice": (
        "Cette personne est déjà dans la liste : une seule ligne suffit.",
        "This person is on the list already: one line is enough.",
    ),
    "unreadable_date": (
        "{said}",
        "This date is not understood, or does not exist. Write for instance “2026-12-15T14:00”, or in French “demain 14h”.",
    ),
    # French says what the reader of dates said (services/reference/dates.py); English says what to do.
    "date_passed": ("{said}", "This moment has passed: choose one to come."),
    "date_too_far": ("{said}", "This is too far ahead: choose a nearer date."),
    "date_without_hour": ("{said}", "Add the hour, for instance “18h” for 6 in the evening."),
    "past_date": (
        "Ce moment est déjà passé : choisissez-en un à venir.",
        "This moment has passed: choose one to come.",
    ),
    "deadline_before_earliest": (
        "L'échéance vient avant le début souhaité : repoussez l'échéance ou avancez le début.",
        "The deadline comes before the earliest start: put the deadline later or the start earlier.",
    ),
    "deadline_too_far": (
        "Choisissez une échéance dans les 14 jours qui viennent.",
        "Choose a deadline within the next 14 days.",
    ),
    "week_opens_nothing": (
        "De cette heure à cette autre, il faut la place d'un créneau au moins, et de deux cents au plus.",
        "From this hour to that there must be room for one slot at least and two hundred at most.",
    ),
    "slot_too_far": ("Choisissez un début dans l'année qui vient.", "Choose a start within the coming year."),
    "since_after_until": (
        "Le début vient après la fin : échangez les deux dates.",
        "The beginning comes after the end: swap the two dates.",
    ),
    # What the telephone says, in the words of services/reference/phones.py.
    "phone_missing": (phones.NOT_WRITTEN, "Write the telephone number."),
    "phone_not_digits": (phones.NOT_DIGITS, "Write the number with digits only (spaces and dots are fine)."),
    "phone_unknown": (
        phones.NOT_A_NUMBER,
        "This number does not exist. Check it: ten digits in France, or + and the country code for a foreign number.",
    ),
    "phone_fiction": (
        phones.FICTION,
        "This number is kept for fiction: nobody can answer there. Write the real number.",
    ),
    "phone_surcharged": (
        phones.SURCHARGED,
        "This is a premium-rate number. Write the person's own number, a mobile if possible.",
    ),
}
