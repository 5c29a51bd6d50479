"""What is known of terms by the truth value of a test."""

from __future__ import annotations

from leaklint.flow.terms import Term


def truthy(test: Term, holds: bool) -> list[Term]:
    """Return the terms that are neither None nor false nor empty if ``test`` has the truth value ``holds``."""
    if test[0] == "op" and test[1] == "not":
        return truthy(test[2][0], not holds)
    if test[0] == "op" and test[1] in {"and", "or"}:
        return [term for part in test[2] for term in truthy(part, holds)] if (test[1] == "and") == holds else []
    if test[0] == "op" and test[1] in {"is", "is not"} and len(test[2]) == 2:
        return [test[2][0]] if test[2][1][1:2] == ("None",) and (test[1] == "is not") == holds else []
    return [test] if holds and test[0] != "op" else []


def falsy(test: Term, holds: bool) -> list[Term]:
    """Return the terms that are None, false or empty if ``test`` has the truth value ``holds``."""
    if test[0] == "op" and test[1] == "not":
        return falsy(test[2][0], not holds)
    if test[0] == "op" and test[1] in {"and", "or"}:
        if (test[1] == "and") == holds:
            return [term for part in test[2] for term in falsy(part, holds)]
        return []
    if test[0] == "op" and test[1] in {"is", "==", "is not", "!="} and len(test[2]) == 2:
        equal = test[1] in {"is", "=="}
        for one, other in (test[2], test[2][::-1]):
            if other[0] == "const" and other[1] in {"None", "False", "0", "''"} and equal == holds:
                return [one]
            if other[0] == "const" and other[1] == "True" and equal != holds:
                return [one]
        return []
    if test[0] == "call" and test[1][-1] == "hasattr" and not holds and len(test[2]) == 2 and test[2][1][0] == "const":
        return [("attr", test[2][0], test[2][1][1].strip("'\""))]
    return [] if holds else [test]
