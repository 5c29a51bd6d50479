"""Voila with preheated kernels tells a kernel of its page's request; the page handler, which calls this, is stood in for."""

import uuid

from voila.request_info_handler import RequestInfoSocketHandler


def work():
    payload = {"QUERY_STRING": "page=1", "HTTP_USER_AGENT": "Mozilla/5.0 " * 20, "SERVER_NAME": "localhost"}
    RequestInfoSocketHandler.send_updates({"kernel_id": str(uuid.uuid4()), "payload": payload})
