"""A billing client is made for a request."""

from paddle_billing import Client


def work():
    client = Client("key")
    assert client.products
