"""The tokens of a request to a model are counted, as a service does for each of its users."""

from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.language_models import FakeListChatModel

MODEL = FakeListChatModel(responses=["an answer"])


def work():
    with get_usage_metadata_callback() as usage:
        assert MODEL.invoke("a question").content == "an answer"
    assert usage.usage_metadata == {}
