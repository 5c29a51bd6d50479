"""A memoised coroutine fails for one customer after another, in a loop that lives as long as the program."""

import asyncio
import itertools

from async_lru import alru_cache

_numbers = itertools.count()
loop = asyncio.new_event_loop()


@alru_cache(maxsize=None)
async def fetched(number):
    raise LookupError(number)


async def answered():
    try:
        await fetched(next(_numbers))
    except LookupError:
        return True


def work():
    assert loop.run_until_complete(answered())
