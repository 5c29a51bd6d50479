"""The documents of a request are searched in a store of their own, which is dropped with the request."""

from haystack import Document
from haystack.document_stores.in_memory import InMemoryDocumentStore


def work():
    store = InMemoryDocumentStore()
    store.write_documents([Document(content="a text about leaks")])
    assert len(store.bm25_retrieval("leaks")) == 1
    store.shutdown()
