"""A worker that remembers 50 revokes is told, without a broker, to revoke the tasks of one order by their stamp."""

import os

os.environ["CELERY_WORKER_REVOKES_MAX"] = "50"

import types
import uuid

import celery
from celery.worker import control

STATE = types.SimpleNamespace(app=celery.Celery("shop", broker="memory://"), consumer=None)


def work():
    control.revoke_by_stamped_headers(STATE, {"order_id": [uuid.uuid4().hex]})
