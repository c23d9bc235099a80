"""How are refusals said that concern the place a patient is given?"""

from services.web.words.problems import Said, Words

PLACES: dict[str, Words] = {
    "place_under_way": Words(
        409,
        Said("Place en cours d'attribution", "Attendez quelques secondes : le tableau montre la réponse."),
        Said("A place is being taken", "Wait a few seconds: the board shows the answer."),
    ),
    "same_place": Words(
        409,
        Said("C'est déjà sa place", "Le patient a déjà ce rendez-vous : choisissez-en un autre."),
        Said("The same place", "The patient has this appointment already: choose another one."),
    ),
}
