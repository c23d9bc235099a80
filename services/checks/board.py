"""I8: does the regulator's board show what the database holds?"""

from sqlalchemy import select

from dispatcher import store
from dispatcher.life import OPEN
from dispatcher.tables import REQUEST
from services.checks.look import Look


async def board_differs(look: Look) -> list[str]:
    """The board of each territory has all its open requests, each as its row says, and counts them right."""
    found = []
    open_ = select(REQUEST.c.territory, REQUEST.c.id, REQUEST.c.state).where(REQUEST.c.state.in_(OPEN))
    of_each: dict[str, dict[str, str]] = {}
    for row in await look.db.execute(open_):
        of_each.setdefault(row.territory, {})[row.id] = row.state
    for territory, wanted in sorted(of_each.items()):
        try:
            board = await store.board(look.db, territory, len(wanted))
        except ValueError as unread:
            found.append(f"le tableau de {territory} ne peut être lu ({type(unread).__name__})")
            continue
        shown = {row.request_id: row.state.value for row in board.rows}
        if board.total_open != len(wanted):
            found.append(f"le tableau de {territory} annonce un autre nombre de demandes ouvertes qu'il n'y en a")
        found += [
            f"le tableau de {territory} montre mal la demande {one}"
            for one in sorted(wanted.keys() | shown.keys())
            if wanted.get(one) != shown.get(one)
        ]
    return found
