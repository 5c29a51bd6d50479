"""A generic response model is made concrete for types made at run time."""

from typing import Generic, List, TypeVar

from pydantic import create_model
from pydantic.generics import GenericModel

T = TypeVar("T")


class Page(GenericModel, Generic[T]):
    items: List[T]


def work():
    for _ in range(6):
        row = create_model("Row", name=(str, ...))
        page = Page[row](items=[{"name": "x"}])
        assert page.items[0].name == "x"
