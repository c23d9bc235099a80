"""Do programs of other people agree with ours: an SMSC, a gateway, two counters of segments?"""

import asyncio
import random
from collections import Counter
from datetime import timedelta

from notifications.channels.sms_smpp import Channel, Config
from notifications.outcome import Accepted, Receipt, Reply
from notifications.segments import GSM7, GSM7_ESCAPED, cut, segments, to_gsm7
from tests.messaging.counterparts import counted, other_smsc
from tests.messaging.test_smpp import bound

TEXTS = 20_000
LETTERS = "".join(sorted(GSM7 - {"\r"}))
FRENCH = "êîôûçœ’…«»éèàù Rendez-vous à l’hôpital, cœur naïf "
OTHER = "مرحبا дата ğışö 你好 ₺ ć"


def some_texts() -> list[str]:
    """Of every length around a cut, in and out of GSM-7, escape pairs on both sides of each border; no signs that
    join into one (one of the counters keeps those together)."""
    dice, texts = random.Random(6), list[str]()
    for number in range(TEXTS):
        length = dice.choice(
            (dice.randrange(0, 700), *(border + dice.randrange(-3, 4) for border in (70, 134, 160, 306)))
        )
        letters = LETTERS + "".join(GSM7_ESCAPED) * dice.choice((0, 1, 8))
        letters = (letters, letters, FRENCH, OTHER, LETTERS + "ê")[number % 5]
        texts.append("".join(dice.choice(letters) for _ in range(length)))
    return texts


def test_segments_are_those_of_two_other_counters() -> None:
    texts = some_texts()
    theirs = counted(texts)
    wrong = [
        (text, segments(text), pair) for text, pair in zip(texts, theirs, strict=True) if set(pair) != {segments(text)}
    ]
    assert not wrong, (len(wrong), wrong[:3])
    assert set(Counter(segments(text) for text in texts)) >= {1, 2, 3, 4, 5}


def test_an_escape_pair_is_never_parted() -> None:
    text = "a" * 152 + "€" + "b" * 152
    assert [len(part) for part in cut(text).parts] == [152, 152, 1]
    assert counted([text]) == [[3, 3]]


def test_accents_that_cost_90_characters_are_written_without() -> None:
    text = "Votre rendez-vous à l’hôpital, au cœur de l’Île : ça y est… " * 2
    assert segments(text) == 2
    assert segments(to_gsm7(text)) == 1
    assert set("éèàù") & set(to_gsm7("été à là où")) == set("éàù")


async def test_an_independent_smsc_takes_our_messages_and_we_take_its_receipts_and_replies() -> None:
    async with other_smsc() as server, bound(server) as line:  # type: ignore[arg-type]  # it has a port
        await line.until(lambda: line.heard)
        assert line.heard == [Reply("+33639980001", "Oui, d’accord €")]
        for text in ("Rendez-vous à 9h30 : où ? [là] €", "Un long texte, où l'on dit tout. " * 12, "مرحبا"):
            line.heard.clear()
            taken = await line.send(text=text, sender="CPTS Tarn O")
            assert isinstance(taken, Accepted)
            got = ""
            for _ in cut(text).parts:
                while "text" not in (one := await server.line()):
                    assert one["status"] == 0
                got += one["text"]
                assert (one["to"], one["from"], one["reference"]) == ("33639980000", "CPTS Tarn O", 4711)
            assert got == text
            await line.until(lambda: len(line.heard) == len(cut(text).parts))  # noqa: B023
            first = line.heard[0]
            assert first == Receipt(taken.provider_id, "delivered", "", 4711, "+33639980000")


async def test_a_wrong_password_is_not_bound() -> None:
    async with other_smsc() as server:
        config = Config(name="a", host="127.0.0.1", port=server.port, system_id="relais", password="wrong")
        channel = Channel(config)
        running = asyncio.create_task(channel.run(lambda heard: asyncio.sleep(0)))
        await asyncio.sleep(0.3)
        assert channel.heard_for() == timedelta()
        running.cancel()
