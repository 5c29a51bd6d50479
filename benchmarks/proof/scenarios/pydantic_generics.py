"""Generic models of types that are made on the way."""

from typing import Generic, TypeVar

from pydantic.generics import GenericModel

T = TypeVar("T")


class Model(GenericModel, Generic[T]):
    """A model with a parameter."""

    value: T


def make(number):
    """Return the model for a type that nobody else has."""
    return Model[type(f"Type{number}", (), {"__get_validators__": classmethod(lambda cls: iter(()))})]
