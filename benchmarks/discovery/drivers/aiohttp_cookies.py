"""The cookies for a page of a shop are looked up in the jar of a client that lives as long as the program."""

import itertools

import aiohttp
from yarl import URL

_numbers = itertools.count()
jar = None


def work():
    global jar
    if jar is None:
        jar = _jar()
        jar.update_cookies({"session": "x; Path=/"}, URL("http://shop.test/"))
    assert "session" in jar.filter_cookies(URL(f"http://shop.test/item/{next(_numbers)}"))


def _jar():
    import asyncio

    async def made():
        return aiohttp.CookieJar()

    return asyncio.run(made())
