"""What are the people of the demonstration called? Names, streets and telephones that cannot exist."""

from random import Random

_FIRST = """
Adèle Agathe Alix Amine Anouk Arthur Aurore Basile Bérénice Camille Célestin Chloé Clémence Côme Daphné Diane
Driss Élias Élise Émile Fanny Farid Faustine Félix Flore Gaspard Hélène Hugo Inès Irène Jeanne Jules Karim Léa
Léonie Lina Louise Lucien Maël Malik Manon Marius Maud Mehdi Mila Nadia Naïm Noé Octave Odile Paloma Prune
Rémi Rose Sacha Salomé Samir Sixtine Suzanne Théo Violette Yanis Zélie
"""
# Two halves of a landscape: they sound French, and no register of names holds them.
_LANDS = """
Aigue Beau Bel Bois Castel Champ Clair Combe Fon Font Gar Haut Lande Mar Mas Mont Pin Pré Puy Roc Roque Val
Vent Vigne
"""
_SIGHTS = """
azur brise brume cerise chouette fougère galet givre grelot lézard lilas loriot lune merle mousse myrtille
noisette rieur songe tilleul tournesol trèfle verveine vive
"""
FIRST, LANDS, SIGHTS = (tuple(words.split()) for words in (_FIRST, _LANDS, _SIGHTS))
STREETS = (
    "rue de l'Exemple",
    "rue du Modèle",
    "place de la Fable",
    "avenue des Mille-Contes",
    "chemin du Songe",
    "impasse de l'Hypothèse",
    "rue des Loriots-Bavards",
    "allée du Brouillon",
    "boulevard de la Répétition",
    "rue de la Démonstration",
    "place du Théâtre-de-Papier",
    "chemin des Nuages-Bas",
    "rue Jean-Personne",
    "rue de l'Horloge-sans-Aiguilles",
    "quai des Îles-Inventées",
    "sentier de la Licorne",
)
PHONES = 10_000
"""How many numbers ARCEP keeps for fiction in 06 39 98 xx xx (décision 2018-0881)."""


def first_name(dice: Random) -> str:
    return dice.choice(FIRST)


def last_name(dice: Random) -> str:
    """One of 576 names that sound French and that nobody bears: "Fontmerle", "Valsonge"."""
    return dice.choice(LANDS) + dice.choice(SIGHTS)


def street(dice: Random) -> str:
    """A number in a street that no town has."""
    return f"{dice.randint(1, 98)} {dice.choice(STREETS)}"


def phone(number: int) -> str:
    """The fiction number 06 39 98 xx xx for any integer, as a person says it."""
    digits = f"{number % PHONES:04d}"
    return f"06 39 98 {digits[:2]} {digits[2:]}"
