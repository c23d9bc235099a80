"""How is a French text compared, whatever its accents, case, hyphens and apostrophes?"""

import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o"})  # what Unicode does not decompose


def fold(text: str) -> str:
    """The text in lower case without accents: "GRAULHÉT" and "graulhet" are one. Other signs stay."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return bare.translate(_LIGATURES)


def words(text: str) -> list[str]:
    """The folded words of a name; hyphens, apostrophes and every other sign only separate them."""
    folded = fold(text)
    return "".join(sign if sign.isalnum() else " " for sign in folded).split()
