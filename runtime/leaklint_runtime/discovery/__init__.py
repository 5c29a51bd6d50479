"""Discovery: which holder of process lifetime grows while a program runs, found without any static finding.

``population`` notes the length of every container and the number of young objects by type, after each round. What rises to the
end is a *candidate*; ``naming`` finds the path to it from a module, a class or a thread, ``storing`` the line that stores,
``effects`` what emptying it frees, ``definitions`` where it is written down. ``session`` puts these together.
"""
