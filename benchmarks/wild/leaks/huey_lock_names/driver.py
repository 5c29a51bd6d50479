"""A task runs once at a time for an account, by a lock with the account in its name."""

import itertools

from huey import MemoryHuey

HUEY = MemoryHuey(immediate=True)
ACCOUNTS = itertools.count()


@HUEY.task()
def bill(account):
    with HUEY.lock_task(f"bill-{account}"):
        return account


def work():
    account = next(ACCOUNTS)
    assert bill(account)() == account
