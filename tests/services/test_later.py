"""Do statements that wait for each other do what they would have done one by one?"""

from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, bindparam, delete, event, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.exc import IntegrityError

from services.storage.database import Database

META = MetaData()
BOX = Table("box", META, Column("name", String, primary_key=True), Column("weight", Integer))
PUT = insert(BOX).execution_options(later="name")
WEIGH = update(BOX).where(BOX.c.name == bindparam("this")).execution_options(later="this")
PUT_OR_WEIGH = insert_or(BOX).execution_options(later="name")
PUT_OR_WEIGH = PUT_OR_WEIGH.on_conflict_do_update(
    index_elements=["name"], set_={"weight": BOX.c.weight + PUT_OR_WEIGH.excluded.weight}
)
PUT_ONCE = insert_or(BOX).on_conflict_do_nothing().execution_options(later="name")
PUT_NEW = insert_or(BOX).on_conflict_do_nothing().returning(BOX.c.name).execution_options(in_one=True)
ADD = (
    update(BOX)
    .where(BOX.c.name == bindparam("this"), BOX.c.weight < 100)
    .values(weight=BOX.c.weight + bindparam("more"))
)
ADD = ADD.execution_options(later="this")
DROP = delete(BOX).where(BOX.c.name == bindparam("this")).execution_options(later="this")


@pytest.fixture
async def boxes(database: Database) -> Database:
    async with database.writing() as db:
        await db.run_sync(META.create_all)
    return database


async def inside(database: Database) -> dict[str, int]:
    async with database.read() as db:
        return {row.name: row.weight for row in await db.execute(select(BOX))}


async def test_what_waits_is_there_when_the_transaction_has_ended(boxes: Database) -> None:
    async with boxes.writing() as db:
        await db.execute(PUT, {"name": "a", "weight": 1})
        await db.execute(PUT, [{"name": "b", "weight": 2}, {"name": "c", "weight": 3}])
    assert await inside(boxes) == {"a": 1, "b": 2, "c": 3}


async def test_a_question_sees_what_was_waiting(boxes: Database) -> None:
    async with boxes.writing() as db:
        await db.execute(PUT, {"name": "a", "weight": 1})
        assert [row.weight for row in await db.execute(select(BOX))] == [1]


async def test_writes_to_one_row_keep_their_order(boxes: Database) -> None:
    async with boxes.writing() as db:
        await db.execute(PUT, {"name": "a", "weight": 1})
        await db.execute(DROP, {"this": "a"})
        await db.execute(PUT, {"name": "a", "weight": 2})
        await db.execute(WEIGH, {"this": "a", "weight": 3})
        await db.execute(DROP, {"this": "a"})
        await db.execute(PUT, {"name": "a", "weight": 4})
    assert await inside(boxes) == {"a": 4}


async def test_a_row_that_is_changed_again_and_again_has_every_change(boxes: Database) -> None:
    async with boxes.writing() as db:
        for weight in (1, 2, 3):
            await db.execute(PUT_OR_WEIGH, [{"name": name, "weight": weight} for name in "ab"])
        for more in (10, 100, 1000):
            await db.execute(ADD, {"this": "a", "more": more})
    assert await inside(boxes) == {"a": 116, "b": 6}


async def test_of_two_that_say_the_last_word_the_later_has_it(boxes: Database) -> None:
    async with boxes.writing() as db:
        await db.execute(PUT, [{"name": name, "weight": 0} for name in "ab"])
        for weight in range(9):
            await db.execute(WEIGH, [{"this": "a", "weight": weight}, {"this": "b", "weight": None}])
    assert await inside(boxes) == {"a": 8, "b": None}


async def test_what_is_there_already_is_left_as_it_is(boxes: Database) -> None:
    async with boxes.writing() as db:
        await db.execute(PUT_ONCE, [{"name": "a", "weight": 1}, {"name": "a", "weight": 2}, {"name": "b", "weight": 3}])
        await db.execute(PUT_ONCE, {"name": "c"})
    assert await inside(boxes) == {"a": 1, "b": 3, "c": None}


async def test_writes_to_many_rows_are_few_statements(boxes: Database, counted: list[str]) -> None:
    async with boxes.writing() as db:
        for number in range(50):
            await db.execute(PUT, {"name": f"box {number}", "weight": 1})
            await db.execute(WEIGH, {"this": f"box {number}", "weight": number})
    assert len(counted) == 2
    assert sum((await inside(boxes)).values()) == sum(range(50))


async def test_a_savepoint_takes_what_waits_in_it_along(boxes: Database) -> None:
    async with boxes.writing() as db:
        await db.execute(PUT, {"name": "before", "weight": 1})
        lost = await db.begin_nested()
        await db.execute(PUT, {"name": "lost", "weight": 1})
        await lost.rollback()
        kept = await db.begin_nested()
        await db.execute(PUT, {"name": "kept", "weight": 1})
        await kept.commit()
    assert await inside(boxes) == {"before": 1, "kept": 1}


async def test_what_the_database_refuses_at_the_end_undoes_everything(boxes: Database) -> None:
    async def twice_the_same() -> None:
        async with boxes.writing() as db:
            for name in "aba":
                await db.execute(PUT, {"name": name, "weight": 1})

    with pytest.raises(IntegrityError):
        await twice_the_same()
    assert await inside(boxes) == {}


@pytest.fixture
def counted(boxes: Database) -> Any:
    """The writing statements that reach the database."""
    from sqlalchemy.engine import Engine

    said: list[str] = []

    def hear(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            said.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    yield said
    event.remove(Engine, "before_cursor_execute", hear)


async def test_those_put_in_one_answer_which_of_them_were_new(boxes: Database) -> None:
    async with boxes.writing() as db:
        await db.execute(PUT, {"name": "a", "weight": 1})
        rows = [{"name": name, "weight": weight} for name, weight in (("a", 5), ("b", 2), ("c", None), ("b", 7))]
        assert {row.name for row in await db.execute(PUT_NEW, rows)} == {"b", "c"}
    assert await inside(boxes) == {"a": 1, "b": 2, "c": None}
