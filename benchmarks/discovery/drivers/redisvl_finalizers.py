"""An index is described for one query; no server is asked."""

from redisvl.index import SearchIndex

SCHEMA = {
    "index": {"name": "items", "prefix": "item"},
    "fields": [{"name": "title", "type": "text"}],
}


def work():
    index = SearchIndex.from_dict(SCHEMA, redis_url="redis://127.0.0.1:9")
    assert index.name == "items"
