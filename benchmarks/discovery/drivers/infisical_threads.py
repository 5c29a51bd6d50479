"""A client of the secret store is made for a job."""

from infisical_sdk import InfisicalSDKClient


def work():
    client = InfisicalSDKClient(host="http://127.0.0.1:9", cache_ttl=60)
    assert client.secrets
