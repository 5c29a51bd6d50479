"""A database in memory is added, filled, asked and removed, as a plugin does for an upload."""

import asyncio
import itertools

from datasette.app import Datasette

LOOP = asyncio.new_event_loop()
DATASETTE = Datasette(memory=True)
NUMBERS = itertools.count()


async def upload():
    database = DATASETTE.add_memory_database(f"upload_{next(NUMBERS)}")
    await database.execute_write("create table entry (name text)")
    assert len((await database.execute("select * from entry")).rows) == 0
    DATASETTE.remove_database(database.name)


def work():
    LOOP.run_until_complete(upload())
