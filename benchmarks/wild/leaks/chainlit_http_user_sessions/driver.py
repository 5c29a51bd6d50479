"""An endpoint of a program's own uses Chainlit's user session for one request and deletes the session at its end."""

import asyncio
import os
import tempfile

os.environ["CHAINLIT_APP_ROOT"] = tempfile.mkdtemp()

import chainlit
from chainlit.context import init_http_context


async def request():
    context = init_http_context()
    chainlit.user_session.set("question", "word " * 200)
    await context.session.delete()


def work():
    asyncio.run(request())
