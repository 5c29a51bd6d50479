"""A new user writes to a bot whose dispatcher is the default one and keeps no states."""

import asyncio
import itertools

from aiogram import Bot, Dispatcher
from aiogram.types import Message

LOOP = asyncio.new_event_loop()
BOT = Bot("42:TOKEN")
DISPATCHER = Dispatcher()
NUMBERS = itertools.count(1)


@DISPATCHER.message()
async def answer(message: Message):
    assert message.text == "hello"


def work():
    user = next(NUMBERS)
    chat = {"id": user, "type": "private"}
    sender = {"id": user, "is_bot": False, "first_name": "A"}
    message = {"message_id": user, "date": 1, "chat": chat, "from": sender, "text": "hello"}
    update = {"update_id": user, "message": message}
    LOOP.run_until_complete(DISPATCHER.feed_raw_update(BOT, update))
