"""What is a new thing called? An id that nobody can guess and that says when it was made."""

import secrets
from datetime import datetime

from schemas.event import MOMENT


def new_id(now: datetime) -> str:
    """32 hex digits: the milliseconds since 1970, then 80 random bits."""
    return f"{int(now.timestamp() * 1000):0{MOMENT}x}{secrets.token_hex(10)}"
