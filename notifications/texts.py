"""What is written, in which language? Typed by hand; placeholders: org, day, time, link, phone."""

TEXTS: dict[str, dict[str, str]] = {
    "booked": {
        "fr": "{org} : rendez-vous {day} à {time}. Voir, confirmer ou annuler : {link}",
        "en": "{org}: appointment {day} at {time}. See, confirm or cancel: {link}",
        "ar": "{org}: موعدكم {day} الساعة {time}. للاطلاع أو التأكيد أو الإلغاء: {link}",
        "pt": "{org}: marcação {day} às {time}. Ver, confirmar ou anular: {link}",
        "tr": "{org}: randevunuz {day} saat {time}. Görmek, onaylamak veya iptal için: {link}",
    },
    "reminder": {
        "fr": "{org} : rappel, rendez-vous {day} à {time}. Confirmer ou annuler : {link}",
        "en": "{org}: reminder, appointment {day} at {time}. Confirm or cancel: {link}",
        "ar": "{org}: تذكير بموعدكم {day} الساعة {time}. للتأكيد أو الإلغاء: {link}",
        "pt": "{org}: lembrete, marcação {day} às {time}. Confirmar ou anular: {link}",
        "tr": "{org}: hatırlatma, randevunuz {day} saat {time}. Onay veya iptal için: {link}",
    },
    "moved": {
        "fr": "{org} : nouveau rendez-vous {day} à {time} (l'ancien est annulé). Voir : {link}",
        "en": "{org}: new appointment {day} at {time} (the old one is cancelled). See: {link}",
        "ar": "{org}: موعدكم الجديد {day} الساعة {time} (ألغي السابق). التفاصيل: {link}",
        "pt": "{org}: nova marcação {day} às {time} (a anterior foi anulada). Ver: {link}",
        "tr": "{org}: yeni randevunuz {day} saat {time} (eskisi iptal edildi). Bakın: {link}",
    },
    "promised": {
        "fr": "{org} : place assurée avant {day} {time}. L'heure suit par SMS. Voir : {link}",
        "en": "{org}: place kept before {day} {time}. The hour follows by SMS. See: {link}",
        "ar": "{org}: مكانكم محفوظ قبل {day} {time}. تصلكم الساعة برسالة. التفاصيل: {link}",
        "pt": "{org}: lugar garantido antes de {day} {time}. A hora segue por SMS. Ver: {link}",
        "tr": "{org}: {day} {time} öncesine yeriniz ayrıldı. Saat SMS ile gelecek: {link}",
    },
    "sought_no_more": {
        "fr": "{org} : votre demande est annulée. En cas de besoin, appelez le {phone}.",
        "en": "{org}: your request is cancelled. If needed, call {phone}.",
        "ar": "{org}: ألغي طلبكم. عند الحاجة اتصلوا بالرقم {phone}.",
        "pt": "{org}: o seu pedido foi anulado. Se precisar, ligue {phone}.",
        "tr": "{org}: talebiniz iptal edildi. Gerekirse {phone} numarasını arayın.",
    },
    "cancelled": {
        "fr": "{org} : rendez-vous {day} à {time} annulé. Nous en cherchons un autre : {link}",
        "en": "{org}: appointment {day} at {time} cancelled. We are seeking another: {link}",
        "ar": "{org}: ألغي موعد {day} الساعة {time}. نبحث لكم عن موعد آخر: {link}",
        "pt": "{org}: marcação {day} às {time} anulada. Procuramos outra: {link}",
        "tr": "{org}: {day} saat {time} randevusu iptal edildi. Yenisini arıyoruz: {link}",
    },
    "withdrawn": {
        "fr": "{org} : le rendez-vous {day} à {time} est annulé. En cas de besoin, appelez le {phone}.",
        "en": "{org}: the appointment {day} at {time} is cancelled. If needed, call {phone}.",
        "ar": "{org}: ألغي موعد {day} الساعة {time}. عند الحاجة اتصلوا بالرقم {phone}.",
        "pt": "{org}: a marcação {day} às {time} foi anulada. Se precisar, ligue {phone}.",
        "tr": "{org}: {day} saat {time} randevusu iptal edildi. Gerekirse {phone} numarasını arayın.",
    },
    "call_15": {
        "fr": "{org} : si c'est grave, appelez tout de suite le 15 ou le 112 (SMS : 114). Une personne vous lit.",
        "en": "{org}: if it is serious, call 15 or 112 (SMS: 114) right now. Somebody is reading your SMS.",
        "ar": "{org}: إذا كان الأمر خطيرا اتصلوا فورا بالرقم 15 أو 112 (رسالة: 114). شخص ما يقرأ رسالتكم.",
        "pt": "{org}: se for grave, ligue já 15 ou 112 (SMS: 114). Uma pessoa está a ler a sua SMS.",
        "tr": "{org}: durum ciddiyse hemen 15 veya 112'yi arayın (SMS: 114). Mesajınızı biri okuyor.",
    },
    "being_read": {
        "fr": "{org} : SMS bien reçu, une personne le lit. Pour parler à quelqu'un : {phone}.",
        "en": "{org}: SMS received, somebody is reading it. To speak to somebody: {phone}.",
        "ar": "{org}: وصلت رسالتكم وهناك من يقرؤها. للتحدث مع شخص: {phone}.",
        "pt": "{org}: SMS recebida, uma pessoa está a lê-la. Para falar com alguém: {phone}.",
        "tr": "{org}: mesajınız alındı, biri okuyor. Biriyle konuşmak için: {phone}.",
    },
    "patient_wrote": {"fr": "{org} : un patient a répondu par SMS {day} à {time}. À lire : {link}"},
    "patient_alarm": {"fr": "{org} : mot d'alerte d'un patient {day} à {time}. À rappeler : {link}"},
    "stranger_wrote": {"fr": "{org} : SMS d'un numéro inconnu, {day} à {time}. À lire : {link}"},
    "stranger_alarm": {"fr": "{org} : mot d'alerte d'un numéro inconnu {day} à {time}. À rappeler : {link}"},
    "to_call": {"fr": "{org} : patient sans SMS à prévenir par téléphone, {day} à {time} : {link}"},
    "new_patient": {"fr": "{org} : un patient {day} à {time}. Détails : {link}"},
    "seat_freed": {"fr": "{org} : le patient {day} à {time} ne vient plus ; ce temps est libre. {link}"},
    "slot_returned": {"fr": "{org} : personne {day} à {time}, ce temps vous est rendu. {link}"},
    "call": {"fr": "{org} : des places manquent d'ici {day} {time}. Ouvrir un créneau aide : {link}"},
    "offer": {"fr": "{org} : un patient à voir {day} à {time}. Dire oui ou non : {link}"},
    "offer_taken": {"fr": "{org} : un confrère voit le patient proposé {day} à {time}. Merci, rien à faire."},
    "offer_withdrawn": {"fr": "{org} : le patient proposé {day} à {time} n'attend plus. Merci, rien à faire."},
    "offer_lost": {"fr": "{org} : {day} à {time} n'est plus libre, le patient est reproposé. {link}"},
    "test": {"fr": "{org} : essai du {day} à {time}. Vous lisez ceci : vos alertes arrivent. {link}"},
    "alarm": {"fr": "{org} : alarme technique {day} à {time}, à voir sans attendre : {link}"},
    "escalated": {"fr": "{org} : une demande reste sans place, échéance {day} à {time}. À traiter : {link}"},
}
"""One SMS each where the language can be written in GSM-7 (38 signs of name and 30 of address fit); Arabic cannot, and
takes three at most. What only professionals hear is in French."""

DAYS = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "ar": ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"),
    "pt": ("segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo"),
    "tr": ("pazartesi", "salı", "çarşamba", "perşembe", "cuma", "cumartesi", "pazar"),
}
DISCREET = "Relais"
"""Who writes, to somebody whose phone others read: neither care nor a place is named."""
LANGUAGES = {"fr": "Français", "en": "English", "ar": "العربية", "pt": "Português", "tr": "Türkçe"}
"""Those a patient may be written to in, by their own names."""
UNICODE = frozenset({"ar"})
"""Languages whose letters no GSM-7 text has."""
