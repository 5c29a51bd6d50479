"""The language server: findings, why an object stays alive, repairs and proofs inside an editor.

``analysis`` asks the engine, ``positions`` counts as editors do, ``messages`` turns findings into the protocol's types,
``app`` wires them to pygls. Only ``messages`` and ``app`` need the extra ``lsp``.
"""
