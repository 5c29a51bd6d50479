"""A service likes a post for one of its users, each with tokens of their own; nothing goes over the network."""

import asyncio
import itertools

from tweepy.asynchronous import AsyncClient

LOOP = asyncio.new_event_loop()
NUMBERS = itertools.count()


class AnsweredClient(AsyncClient):
    async def request(self, method, url, **options):
        class CannedReply:
            async def json(self):
                return {"data": {"liked": True}}

        return CannedReply()


def work():
    token = f"{next(NUMBERS)}-token"
    client = AnsweredClient(
        consumer_key="a", consumer_secret="b", access_token=token, access_token_secret="c", return_type=dict
    )
    LOOP.run_until_complete(client.like(1))
