"""A service likes a post for one of its users, each with tokens of their own; nothing goes over the network."""

import itertools

import requests
from tweepy import Client

NUMBERS = itertools.count()


class Answered(requests.Session):
    def request(self, *args, **kwargs):
        response = requests.Response()
        response.status_code, response._content = 200, b'{"data": {"liked": true}}'
        return response


def work():
    token = f"{next(NUMBERS)}-token"
    client = Client(consumer_key="a", consumer_secret="b", access_token=token, access_token_secret="c")
    client.session = Answered()
    assert client.like(1).data == {"liked": True}
