"""A browser connects, is sent an answer, and goes; its websocket is stood in for."""

import asyncio
import os
import tempfile
import uuid

os.environ["CHAINLIT_APP_ROOT"] = tempfile.mkdtemp()

import chainlit
from chainlit.context import init_ws_context
from chainlit.session import WebsocketSession
from chainlit.socket import disconnect


async def emit(*_):
    pass


async def visit():
    name = str(uuid.uuid4())
    session = WebsocketSession(id=name, socket_id=name, emit=emit, emit_call=emit, user_env={}, client_type="webapp")
    init_ws_context(session)
    await chainlit.Message(content="word " * 200).send()
    session.to_clear = True
    await disconnect(name)


def work():
    asyncio.run(visit())
