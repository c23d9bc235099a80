"""How does somebody outside keep a proof? The last seal of each territory as JSON: who has it sees any later change."""

import json
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from services.audit.chain import Seal, is_signed


class HeadUnread(ValueError):
    """The file is no exported head; the text says what it should be."""


class _Head(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    territory: str
    number: int
    hash: str
    time: str
    key: str
    signature: str


_HEADS = TypeAdapter(list[_Head])


def exported(seals: list[Seal]) -> str:
    """The heads, for somebody else to keep."""
    heads = [
        _Head(
            territory=seal.territory,
            number=seal.number,
            hash=seal.hash,
            time=seal.sealed_at.astimezone(UTC).isoformat(),
            key=seal.key,
            signature=seal.signature,
        ).model_dump()
        for seal in seals
    ]
    return json.dumps(heads, ensure_ascii=False, indent=2) + "\n"


def read_heads(file: Path) -> list[Mapping[str, Any]]:
    """The heads of an exported file. Raises HeadUnread when it is none, or not signed by the key it names."""
    try:
        heads: list[Mapping[str, Any]] = [head.model_dump() for head in _HEADS.validate_json(file.read_bytes())]
    except (OSError, ValidationError):
        raise HeadUnread(f"{file} n'est pas une tête exportée par `relais audit head`.") from None
    for head in heads:
        if not is_signed(head):
            raise HeadUnread(f"{file} : la signature de {head['territory']} n'est pas celle de sa clé.")
    return heads
