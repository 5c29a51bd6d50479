"""A client asks for a node of a project that is gone and is told so; only who is logged in is a stand-in."""

import asyncio
import logging
import types
import uuid

import httpx
from gns3server.api.routes.controller.dependencies.authentication import get_current_active_user
from gns3server.api.server import app
from sqlalchemy.ext.asyncio import create_async_engine

logging.disable(logging.CRITICAL)
app.state._db_engine = create_async_engine("sqlite+aiosqlite://")
app.dependency_overrides[get_current_active_user] = lambda: types.SimpleNamespace(is_superadmin=True)


async def ask():
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        answer = await client.get(f"/v3/projects/{uuid.uuid4()}/nodes/{uuid.uuid4()}")
    assert answer.status_code == 404, answer


def work():
    asyncio.run(ask())
