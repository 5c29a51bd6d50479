"""A converter is made for a decoded notice of a shop, and a notice is read with it."""

from appstoreserverlibrary.models.JWSTransactionDecodedPayload import JWSTransactionDecodedPayload
from appstoreserverlibrary.models.LibraryUtility import _get_cattrs_converter


def work():
    converter = _get_cattrs_converter(JWSTransactionDecodedPayload)
    notice = converter.structure({"originalTransactionId": "12345"}, JWSTransactionDecodedPayload)
    assert notice.originalTransactionId == "12345"
