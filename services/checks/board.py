"""I8: does the regulator's board show what the database holds?"""

from sqlalchemy import func, select

from dispatcher import store
from dispatcher.life import OPEN
from dispatcher.tables import REQUEST
from services.checks.look import Look

SHOWN = 1_000
"""Rows of a board that are compared: more than anybody looks at."""


async def board_differs(look: Look) -> list[str]:
    """The board of each territory shows its open requests, each as its row says, and counts them right."""
    found = []
    counted = select(REQUEST.c.territory, func.count().label("n")).where(REQUEST.c.state.in_(OPEN))
    for row in await look.db.execute(counted.group_by(REQUEST.c.territory).order_by(REQUEST.c.territory)):
        try:
            board = await store.board(look.db, row.territory, SHOWN)
        except ValueError as unread:
            found.append(f"le tableau de {row.territory} ne peut être lu ({type(unread).__name__})")
            continue
        shown, wanted = {one.request_id: one.state.value for one in board.rows}, await _open(look, row.territory)
        if board.total_open != row.n:
            found.append(f"le tableau de {row.territory} annonce un autre nombre de demandes ouvertes qu'il n'y en a")
        found += [
            f"le tableau de {row.territory} montre mal la demande {one}"
            for one in sorted(wanted.keys() | shown.keys())
            if wanted.get(one) != shown.get(one)
        ]
    return found


async def _open(look: Look, territory: str) -> dict[str, str]:
    """The open requests that a board of this length must show: those without a place first, by deadline."""
    query = select(REQUEST.c.id, REQUEST.c.state).where(REQUEST.c.territory == territory, REQUEST.c.state.in_(OPEN))
    first = query.order_by(REQUEST.c.start.is_not(None), REQUEST.c.deadline, REQUEST.c.id).limit(SHOWN)
    return {row.id: row.state for row in await look.db.execute(first)}
