"""A document that somebody sent is not valid JSON-LD; the error is told and the document dropped."""

from rdflib import Graph

DOCUMENT = '{"@context": {"@import": 5}, "@id": "urn:a", "urn:name": "' + "a" * 10000 + '"}'


def work():
    try:
        Graph().parse(data=DOCUMENT, format="json-ld")
    except Exception:
        return
    raise AssertionError("no error")
