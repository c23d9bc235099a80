"""How do the pages say it in English? The patient's page for now: French text to English text."""
# ruff: noqa: E501 - a sentence is read whole

ENGLISH: dict[str, str] = {
    "Votre rendez-vous": "Your appointment",
    "Rendez-vous confirmé": "Appointment confirmed",
    "Rendez-vous annulé": "Appointment cancelled",
    "Rendez-vous déplacé": "Appointment moved",
    "Nous vous cherchons une place": "We are looking for a place for you",
    "Une place vous est assurée": "A place is kept for you",
    "Vous serez reçu avant l’échéance ci-dessous. L’heure et le lieu suivent par SMS : il n’y a rien à faire.": (
        "You will be seen before the time below. The hour and the place follow by text message: there is nothing to do."
    ),
    "Au plus tard": "At the latest",
    "Rendez-vous passé": "This appointment is over",
    "Annuler ce rendez-vous ?": "Cancel this appointment?",
    "Ce lien n’est plus valable": "This link is no longer valid",
    "Merci, nous vous attendons.": "Thank you, we are expecting you.",
    "C’est fait. Merci d’avoir prévenu : la place servira à quelqu’un d’autre.": (
        "Done. Thank you for telling us: someone else can have the place."
    ),
    "Ce rendez-vous est annulé. Si vous avez encore besoin de soins, appelez le numéro ci-dessous.": (
        "This appointment is cancelled. If you still need care, call the number below."
    ),
    "Le professionnel a dû annuler. Nous cherchons une autre place et vous préviendrons par SMS.": (
        "The professional had to cancel. We are looking for another place and will tell you by text message."
    ),
    "Ce rendez-vous est passé. Pour une nouvelle demande, appelez le numéro ci-dessous.": (
        "This appointment is over. For a new request, call the number below."
    ),
    "Ce lien est trop ancien ou mal recopié. Ouvrez celui du dernier SMS reçu, ou appelez le numéro ci-dessous.": (
        "This link is too old or was not copied whole. Open the one in your latest text message, or call the number below."
    ),
    "Votre rendez-vous a changé entre-temps. Voici le nouveau : dites-nous si vous venez.": (
        "Your appointment has changed in the meantime. Here is the new one: tell us if you are coming."
    ),
    "Demande close": "Request closed",
    "Votre demande est close. Si vous avez encore besoin de soins, appelez le numéro ci-dessous.": (
        "Your request is closed. If you still need care, call the number below."
    ),
    "Annuler votre demande ?": "Cancel your request?",
    "Oui, je n’en ai plus besoin": "Yes, I no longer need it",
    "Non, cherchez encore": "No, keep looking",
    "Je n’ai plus besoin de rendez-vous": "I no longer need an appointment",
    "Avec": "With",
    "Où": "Where",
    "Durée": "Length",
    "Au cabinet": "At the practice",
    "À votre domicile": "At your home",
    "En téléconsultation : le professionnel vous appelle": "By teleconsultation: the professional will call you",
    "Votre place sera proposée à un autre patient.": "Your place will be offered to another patient.",
    "Oui, annuler mon rendez-vous": "Yes, cancel my appointment",
    "Non, je garde mon rendez-vous": "No, keep my appointment",
    "Je confirme ma venue": "I confirm that I am coming",
    "Ajouter à mon agenda": "Add to my calendar",
    "Je ne peux pas venir": "I cannot come",
    "Une question, un changement ? Appelez le": "A question, a change? Call",
    "Votre état s’aggrave ? Appelez le": "Are you getting worse? Call",
    "ou le": "or",
    "114 par SMS": "114 by text message",
}
