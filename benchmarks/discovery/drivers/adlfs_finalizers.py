"""A file system of its own is opened on an account; nothing is sent."""

from adlfs import AzureBlobFileSystem


def work():
    files = AzureBlobFileSystem(account_name="shop", anon=True, skip_instance_cache=True)
    assert files.account_name == "shop"
