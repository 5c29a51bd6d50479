"""A small assistant: an application folder in, answers out."""

from .service import Assistant

__all__ = ["Assistant"]
