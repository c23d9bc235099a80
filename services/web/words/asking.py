"""How are refusals said that concern asking people: offers, agreements by telephone, what practitioners allow?"""
# ruff: noqa: E501 - a sentence is read whole

from services.web.words.problems import Said, Words

ASKING: dict[str, Words] = {
    "unknown_offer": Words(
        404,
        Said("Proposition introuvable", "Rechargez votre page : elle montre ce qui attend encore votre réponse."),
        Said("No such offer", "Reload your page: it shows what still waits for your answer."),
    ),
    "offer_accepted": Words(
        409,
        Said("Déjà accepté", "Vous avez accepté ce patient. Pour revenir en arrière, retirez le créneau dans votre agenda."),
        Said("Already accepted", "You accepted this patient. To go back on it, take the slot back in your agenda."),
    ),
    "time_past": Words(
        422,
        Said("Heure passée", "Choisissez une heure à venir. Rien n'a été enregistré."),
        Said("In the past", "Choose an hour to come. Nothing was recorded."),
    ),
    "time_taken": Words(
        409,
        Said("Agenda déjà pris à cette heure", "Un créneau, ou un agenda relié, occupe déjà ce temps : choisissez une autre heure. Rien n'a été enregistré."),
        Said("The agenda is taken then", "A slot, or a linked agenda, takes this time already: choose another hour. Nothing was recorded."),
    ),
    "after_deadline": Words(
        422,
        Said("Trop tard pour ce patient", "Choisissez une heure avant l'échéance indiquée, ou répondez non."),
        Said("Too late for this patient", "Choose an hour before the deadline shown, or answer no."),
    ),
    "before_window": Words(
        422,
        Said("Trop tôt pour ce patient", "Le patient ne peut pas venir si tôt : choisissez une heure plus tardive."),
        Said("Too early for this patient", "The patient cannot come so early: choose a later hour."),
    ),
    "paused": Words(
        409,
        Said("Praticien en pause", "Ce praticien ne reçoit personne de plus à cette heure-là. Choisissez une heure après sa pause, ou une autre personne."),
        Said("On pause", "This practitioner sees nobody more at that hour. Choose an hour after the pause, or somebody else."),
    ),
    "absent": Words(
        409,
        Said("Praticien absent", "Ce praticien est absent à cette heure-là. Choisissez une autre heure ou une autre personne."),
        Said("Away", "This practitioner is away at that hour. Choose another hour or somebody else."),
    ),
    "day_full": Words(
        409,
        Said("Maximum du jour atteint", "Ce praticien a fixé un maximum de patients par jour, et il est atteint. Choisissez un autre jour, ou une autre personne."),
        Said("The day is full", "This practitioner set a most per day, and it is reached. Choose another day, or somebody else."),
    ),
    "week_full": Words(
        409,
        Said("Plafond de la semaine atteint", "Ce praticien a atteint son plafond d'actes régulés de la semaine. Choisissez une autre semaine, ou une autre personne."),
        Said("The week is full", "This practitioner has reached the week's cap of regulated acts. Choose another week, or somebody else."),
    ),
    "not_to_be_phoned": Words(
        403,
        Said("Ne souhaite pas être appelé", "Ce praticien n'est pas sur la liste « un de plus » : choisissez quelqu'un de la liste."),
        Said("Not to be phoned", "This practitioner is not on the list of extras: choose somebody who is."),
    ),
    "not_yours_to_allow": Words(
        403,
        Said("Au praticien d'en décider", "Vous pouvez restreindre ce que ce praticien accepte ; l'élargir lui appartient, ou à son secrétariat."),
        Said("For the practitioner to decide", "You may restrict what this practitioner allows; allowing more is theirs to do, or their secretary's."),
    ),
}  # fmt: skip
