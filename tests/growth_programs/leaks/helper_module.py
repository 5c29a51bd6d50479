"""Edits pages and leaves it to a module of helpers to audit that."""

# holder: TRAIL
# kind: deque in a module that is imported
# what: AuditEntry
# marks: beside/audit_trail.py

from __future__ import annotations

import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "beside"))

import audit_trail


def work() -> None:
    audit_trail.audit(sorted, ["b", "a"])
