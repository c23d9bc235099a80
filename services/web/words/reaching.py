"""How is it said that somebody is, or is not, reached? In French, with what to do."""

STATES: dict[str, tuple[str, str, str]] = {
    "fine": ("ok", "check", "Vos alertes vous atteignent."),
    "partly": ("soon", "triangle-alert", "Vos alertes vous atteignent, mais pas par tous les moyens."),
    "never": (
        "soon",
        "circle-help",
        "Personne n’a encore vérifié que vos alertes vous atteignent : envoyez-vous un essai.",
    ),
    "lost": ("late", "octagon-alert", "Vos alertes ne vous atteignent pas."),
    "nothing": (
        "late",
        "octagon-alert",
        "Vos alertes ne vous atteignent pas : Relais n’a ni téléphone abonné, ni numéro, ni courriel.",
    ),
}
"""Look, icon and words, said to the person."""
OF_OTHERS = {
    "fine": "joignable",
    "partly": "joignable, mais pas par tous les moyens",
    "never": "jamais vérifié",
    "lost": "non joignable",
    "nothing": "aucun moyen connu",
}
"""The same, said of somebody else."""
WAYS = {"push": "Téléphone abonné", "sms": "SMS", "voice": "Appel", "email": "Courriel"}
STANDINGS: dict[str, tuple[str, str, str]] = {
    "proven": ("ok", "check", "arrivé, la dernière fois"),
    "sent": ("", "send", "parti, sans accusé de réception"),
    "untried": ("", "circle-help", "jamais essayé"),
    "none": ("", "ban", "rien d’enregistré"),
    "gone": ("late", "triangle-alert", "le navigateur n’est plus abonné"),
    "dead": ("late", "triangle-alert", "refusé pour de bon"),
    "silent": ("late", "triangle-alert", "le téléphone n’affiche plus les alertes"),
}
TO_DO = {
    ("push", "gone"): "abonner de nouveau le téléphone, depuis la page « Mes alertes »",
    ("push", "silent"): "allumer le téléphone et y autoriser les notifications, puis envoyer un essai",
    ("sms", "dead"): "vérifier le numéro, puis envoyer un essai",
    ("voice", "dead"): "vérifier le numéro, puis envoyer un essai",
    ("email", "dead"): "vérifier l’adresse, puis envoyer un essai",
}
"""What mends each fault."""
NOTHING_KEPT = "enregistrer un numéro de mobile"
NEVER = "envoyer un essai"


def to_do(state: str, faults: tuple[tuple[str, str], ...]) -> list[str]:
    """What to do about it, each thing once."""
    mends = [TO_DO[one] for one in faults]
    if state == "nothing":
        mends.append(NOTHING_KEPT)
    if state == "never":
        mends.append(NEVER)
    return list(dict.fromkeys(mends))
