"""A page that is not there is requested from an application with a middleware."""

import asyncio

from aiohttp import web
from aiohttp.test_utils import make_mocked_request


@web.middleware
async def answered(request, handler):
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return web.Response(status=404)


app = web.Application(middlewares=[answered])
app.freeze()
loop = asyncio.new_event_loop()


async def served():
    request = make_mocked_request("GET", "/missing", app=app)
    response = await app._handle(request)
    return response.status


def work():
    assert loop.run_until_complete(served()) == 404
