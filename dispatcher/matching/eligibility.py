"""May this slot serve this need? One rule, one function, with the words a regulator would use."""

from collections.abc import Callable, Mapping

from dispatcher.matching import standing
from dispatcher.matching.open_slot import OpenSlot
from dispatcher.matching.pair import BIT, HOME, OFFICE, TELE, Pair
from dispatcher.matching.travel import WALK_KM, Number, larger

NOTICE = {OFFICE: 30 * 60, HOME: 45 * 60, TELE: 10 * 60}
"""Least seconds between now and the visit: our own first guess, until practitioners say otherwise."""


def least_notice(slot: OpenSlot) -> int:
    """Seconds before its start from which a seat of the slot is too near for every patient."""
    return max(slot.schedule.freeze * 60, min(NOTICE[BIT[mode]] for mode in slot.schedule.modes))


def not_shown(pair: Pair) -> Number:
    """The practitioner shows it to own patients, or to the territory, and this request is neither."""
    return ((pair.seen_by == 0) & (pair.usual == 0)) | ((pair.seen_by < 2) & (pair.foreign == 1))


def excluded(pair: Pair) -> Number:
    """The patient must not be sent to this practitioner."""
    return pair.excluded == 1


def other_specialty(pair: Pair) -> Number:
    """Of the profession, but not competent for this: a specialist for a GP's patient, or the reverse."""
    return pair.same_specialty == 0


def other_age(pair: Pair) -> Number:
    """The slot is for other ages. Of an unknown age nobody knows, so it is not for this patient."""
    return (pair.ages & pair.age) == 0


def other_reason(pair: Pair) -> Number:
    """The slot is kept for other reasons."""
    return pair.reason_accepted == 0


def wrong_mode(pair: Pair) -> Number:
    """The slot offers no mode the patient can use."""
    return (pair.modes & pair.wanted) == 0


def too_late(pair: Pair) -> Number:
    """It begins after the deadline."""
    return pair.start > pair.deadline


def too_far(pair: Pair) -> Number:
    """Beyond the radius, or too far on foot for a patient without a vehicle. Distance means nothing on a screen,
    unless the seat is a neighbour territory's."""
    by_radius = (pair.km > pair.radius_km) & ((pair.wanted != TELE) | (pair.foreign == 1))
    return by_radius | ((pair.on_foot == 1) & (pair.wanted == OFFICE) & (pair.km > WALK_KM))


def too_soon(pair: Pair) -> Number:
    """It begins before the window, before anybody could be there, or before the practitioner could know of it."""
    wanted = pair.wanted
    notice = NOTICE[OFFICE] * (wanted == OFFICE) + NOTICE[HOME] * (wanted == HOME) + NOTICE[TELE] * (wanted == TELE)
    soonest = larger(pair.earliest, pair.now + larger(notice, pair.freeze))
    on_the_way = (wanted == OFFICE) & (pair.start - pair.now < pair.way * 60.0)
    return (pair.start < soonest) | on_the_way


def paused(pair: Pair) -> Number:
    """The practitioner takes nobody for now."""
    return pair.standing == standing.PAUSED


def absent(pair: Pair) -> Number:
    """The practitioner is away."""
    return pair.standing == standing.ABSENT


def day_full(pair: Pair) -> Number:
    """The practitioner's own most for a day is reached."""
    return pair.standing == standing.DAY_FULL


def week_full(pair: Pair) -> Number:
    """The practitioner's most for a week is reached. The cap counts regulated acts: own patients are none."""
    return (pair.standing == standing.WEEK_FULL) & (pair.usual == 0)


def full(pair: Pair) -> Number:
    """Every seat is taken or held."""
    return pair.free < 1


Rule = Callable[[Pair], Number]

RULES: Mapping[str, Rule] = {
    rule.__name__: rule
    for rule in (
        not_shown,
        excluded,
        other_specialty,
        other_age,
        other_reason,
        wrong_mode,
        too_late,
        too_far,
        too_soon,
        paused,
        absent,
        day_full,
        week_full,
        full,
    )
}
"""In the order in which a regulator would say them: the first that refuses is the one counted. What depends on the mode
of the visit comes after `wrong_mode`."""

LEFT = "left"
"""Beside the rules: no rule refuses it, but it is worth more to those who will call (`ranking.left_to_others`)."""

WORDS = {
    LEFT: ("créneau gardé pour plus urgent", "créneaux gardés pour plus urgents"),
    "not_shown": ("créneau réservé à d'autres", "créneaux réservés à d'autres"),
    "excluded": ("créneau d'un professionnel écarté", "créneaux de professionnels écartés"),
    "other_specialty": ("créneau d'une autre spécialité", "créneaux d'une autre spécialité"),
    "other_age": ("créneau pour d'autres âges", "créneaux pour d'autres âges"),
    "other_reason": ("créneau pour d'autres motifs", "créneaux pour d'autres motifs"),
    "wrong_mode": ("créneau d'un autre mode", "créneaux d'un autre mode"),
    "too_late": ("créneau hors délai", "créneaux hors délai"),
    "too_far": ("créneau trop loin", "créneaux trop loin"),
    "too_soon": ("créneau trop proche dans le temps", "créneaux trop proches dans le temps"),
    "paused": ("créneau d'un professionnel en pause", "créneaux de professionnels en pause"),
    "absent": ("créneau d'un professionnel absent", "créneaux de professionnels absents"),
    "day_full": ("créneau d'un professionnel au complet ce jour", "créneaux de professionnels au complet ce jour"),
    "week_full": (
        "créneau d'un professionnel au complet cette semaine",
        "créneaux de professionnels au complet cette semaine",
    ),
    "full": ("créneau complet", "créneaux complets"),
}


def first_refusal(pair: Pair) -> str | None:
    """The code of the first rule that refuses, or None: the slot may serve."""
    for code, refuses in RULES.items():
        if refuses(pair):
            return code
    return None


def refused(pair: Pair) -> Number:
    """Whether any rule refuses: for columns."""
    no: Number = False
    for rule in RULES.values():
        answer = rule(pair)
        if answer is not False:  # it refuses none of them
            no = no | answer
    return no


def say_counts(counts: Mapping[str, int]) -> list[str]:
    """The counted reasons as a regulator would say them: « 12 créneaux hors délai »."""
    said = [
        f"{count} {WORDS[code][count > 1]}"
        for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if code in WORDS and count
    ]
    return said or ["aucun créneau de cette profession n'est publié dans le territoire"]
