"""Memoised methods: the cache moves to the instance, the interface stays."""

from __future__ import annotations

import pytest
from repairing import executed, function_of, lines, program_of, repaired

from leaklint.model import Fix
from leaklint.repairs import cached_method


def cached(text: str, name: str = "A.f") -> Fix:
    """Ask for the repair of the method's first decorator that speaks of a cache."""
    program = program_of(text)
    function = function_of(program, name)
    decorator = next(one for one in function.decorators if one.term[-1] not in {"property", "override", "wraps"})
    return cached_method(program, function, decorator)


COUNT = "\n\nmade = []\n"


def test_a_property_stays_one_and_its_value_lies_beside_the_instance() -> None:
    text = lines("""
        from functools import cache

        class A:
            __slots__ = ("__weakref__",)

            @property
            @cache
            def f(self):
                return object()
        """)
    fix = cached(text)
    after = repaired(text, fix)["mod.py"]
    assert (fix.safety, fix.replacement) == ("safe", "a cache for each instance, which goes with it")
    script = """
        import weakref
        a = A()
        seen.append(a.f is a.f)
        try:
            a.f = 1
        except AttributeError:
            seen.append("cannot be set")
        r = weakref.ref(a)
        del a
        seen.append(r() is None)
        """
    assert executed(after, script) == [True, "cannot be set", True]
    assert executed(text, script) == [True, "cannot be set", False]


def test_each_of_several_methods_that_override_one_another_has_its_own_cache() -> None:
    text = lines("""
        import functools

        class A:
            @functools.lru_cache(maxsize=None)
            def f(self) -> object:
                '''Doc.'''
                return object()

        class B(A):
            def f(self):
                return super().f()
        """)
    fix = cached(text)
    after = repaired(text, fix)["mod.py"]
    assert fix.safety == "safe"
    assert "    @_cached_by_instance()\n    def f(self) -> object:\n        '''Doc.'''" in after
    script = """
        import weakref
        a, b = A(), B()
        seen.append((a.f() is a.f(), b.f() is b.f(), a.f() is b.f()))
        r = weakref.ref(a)
        del a
        seen.append(r() is None)
        """
    assert executed(after, script) == [(True, True, False), True]


def test_copies_and_pickles_do_not_carry_the_cache_along() -> None:
    text = lines("""
        from functools import lru_cache as memo

        calls = []

        class A:
            factor = 2

            @memo(maxsize=2)
            def f(self, x, *rest, y=1, **more):
                calls.append(x)
                return (self.factor * x, rest, y, more)
        """)
    fix = cached(text)
    after = repaired(text, fix)["mod.py"]
    assert fix.safety == "unsafe" and "what f() returns does not lead back to the instance" in fix.reason
    script = """
        import copy, weakref
        a = A()
        seen += [a.f(1), a.f(1), a.f(2, 3, y=4, z=5), list(calls)]
        b = copy.copy(a)
        b.factor = 3
        seen += [b.f(1), b.__dict__]
        seen += [len([a.f(number) for number in range(9)]), a.f(8), len(calls)]
        r = weakref.ref(a)
        del a
        seen.append(r() is None)
        """
    before, result = executed(text, script), executed(after, script)
    assert before[:-1] == result[:-1] and (before[-1], result[-1]) == (False, True)


def test_a_cache_that_the_program_controls_is_made_by_each_instance() -> None:
    text = lines("""
        from functools import lru_cache as memo

        class A:
            @memo(maxsize=2)
            def f(self, x):
                return x

            def hits(self):
                return self.f.cache_info().hits
        """)
    fix = cached(text)
    after = repaired(text, fix)["mod.py"]
    assert (fix.safety, fix.replacement) == ("unsafe", "a cache that each instance makes for itself")
    assert "copied or pickled" in fix.reason and "the collector frees them" in fix.reason
    script = """
        import gc, weakref
        a = A()
        seen += [a.f(1), a.f(1), a.hits()]
        r = weakref.ref(a)
        del a
        gc.collect()
        seen.append(r() is None)
        """
    assert executed(after, script) == [1, 1, 1, True]


def test_a_result_that_leads_back_is_kept_by_the_instance() -> None:
    text = (
        "from functools import cache\n\nclass A:\n    @property\n    @cache\n    def f(self):\n        return [self]\n"
    )
    fix = cached(text)
    after = repaired(text, fix)["mod.py"]
    assert (fix.safety, fix.replacement) == ("safe", "functools.cached_property")
    script = "import gc, weakref\na = A()\na.f\nr = weakref.ref(a)\ndel a\ngc.collect()\nseen.append(r() is None)"
    assert executed(after, script) == [True]


@pytest.mark.parametrize(
    "use", ["list(map(Lens.focus, [b, b]))", "[Lens.focus(b), Prism.focus(b)]", "[super(Prism, b).focus()] * 2"]
)
def test_a_cache_beside_the_instances_is_reached_through_the_class_and_needs_no_constructor(use: str) -> None:
    text = lines("""
        from functools import lru_cache

        class Lens:
            def __init__(self, power):
                self.power, self.tried = power, 0

            @lru_cache(maxsize=None)
            def focus(self, distance=2):
                self.tried += 1
                return int(distance * self.power)

        class Prism(Lens):
            def __init__(self):
                self.power, self.tried = 3, 0

        def used(b):
            return USE
        """).replace("USE", use)
    fix = cached(text, "Lens.focus")
    after = repaired(text, fix)["mod.py"]
    script = """
        import weakref
        p = Prism()
        seen += [used(p), p.tried]
        r = weakref.ref(p)
        del p
        seen.append(r() is None)
        """
    assert (fix.safety, executed(text, script), executed(after, script)) == (
        "safe",
        [[6, 6], 1, False],
        [[6, 6], 1, True],
    )


def test_an_initialiser_needs_no_cache() -> None:
    text = (
        "import functools\n\nclass A:\n    @functools.lru_cache()  # why\n    def __init__(self):\n        self.x = 1\n"
    )
    fix = cached(text, "A.__init__")
    assert fix.safety == "safe"
    assert repaired(text, fix)["mod.py"] == text.replace("    @functools.lru_cache()  # why\n", "")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("@cache\n    async def f(self): pass", "coroutine"),
        ("@cache\n    def f(self): yield 1", "generator"),
        ("@cache\n    @other\n    def f(self): pass", "the decorator other of f() may depend"),
        ("@other\n    @cache\n    def f(self): pass", "the decorator other of f() may depend"),
        ("@cachetools.cached({})\n    def f(self): pass", "not one of functools"),
        ("@home_made\n    def f(self): pass", "not one of functools"),
        ("__slots__ = ('x',)\n    @cache\n    def f(self): return [self]", "leave no room for a cached value"),
        (
            "@property\n    @cache\n    def f(self): pass\n    @f.setter\n    def f(self, v): pass",
            "has a setter or deleter",
        ),
        ("@cache\n    def f(self): pass\n\nA.f.cache_clear()", "the cache is controlled at mod.py:9"),
        ("@cache\n    def f(self, x): return self\n\nA.f(A(), 1)", "A.f at mod.py:9 is reached through the class"),
        (
            "@cache\n    def f(self, x): return self\n\nclass B(A):\n    def f(self, x): pass",
            "a subclass overrides f()",
        ),
        ("@cache\n    def __call__(self, x): return self", "looked up on the class"),
    ],
)
def test_what_forbids_the_repair(body: str, told: str) -> None:
    text = (
        f"import cachetools\nfrom functools import cache\nfrom mine import home_made, other\n\nclass A:\n    {body}\n"
    )
    name = "A.__call__" if "__call__" in body else "A.f"
    program = program_of(text)
    function = function_of(program, name)
    decorator = next(one for one in function.decorators if one.term[-1] not in {"property", "other"})
    fix = cached_method(program, function, decorator)
    assert (fix.safety, told in fix.reason) == ("none", True), fix.reason
    assert fix.edits == ()


@pytest.mark.parametrize(
    ("head", "body", "told"),
    [
        ("@attrs.define\n", "return [self]", "attrs is of version 23.3"),
        ("", "return vars(self)", "does not mind one more entry"),
        ("import pickle\n", "return [self]", "not copied or pickled"),
    ],
)
def test_what_a_cached_property_assumes(head: str, body: str, told: str) -> None:
    method = f"    @property\n    @cache\n    def f(self):\n        {body}\n"
    text = f"import attrs\nfrom functools import cache\n{head}class A:\n{method}"
    fix = cached(text)
    assert (fix.safety, told in fix.reason) == ("unsafe", True), fix.reason


def test_a_slotted_class_with_room_and_names_that_are_taken() -> None:
    text = lines("""
        from functools import cache, cached_property

        class A:
            __slots__ = ("__dict__", "__weakref__")
            _cached_f = 1

            @cache
            def f(self):
                return [self]
        """)
    fix = cached(text)
    after = repaired(text, fix)["mod.py"]
    assert fix.safety == "unsafe" and "_cached_f_value" in after  # __dict__ is named in the class
    assert executed(after, "a = A()\nseen.append(a.f() is a.f())") == [True]


def test_tabs_and_line_ends_are_kept() -> None:
    text = "from functools import cache\r\n\r\nclass A:\r\n\t@cache\r\n\tdef f(self):\r\n\t\treturn 1\r\n"
    after = repaired(text, cached(text))["mod.py"]
    assert "\n" not in after.replace("\r\n", "")
    assert "\t@_cached_by_instance()\r\n\tdef f(self):\r\n\t\treturn 1\r\n" in after
    assert "\r\n\tdef decorate(method):\r\n\t\tcaches = WeakKeyDictionary()\r\n" in after


@pytest.mark.parametrize(
    "value", ['", ".join(getattr(self, one) for one in names)', '"%s" % self', "len([self])", "f'{self}'"]
)
def test_a_text_that_is_made_of_the_instance_does_not_lead_back_to_it(value: str) -> None:
    text = f"from functools import cache\n\nclass A:\n    @cache\n    def f(self, *names):\n        return {value}\n"
    fix = cached(text)
    assert (fix.safety, fix.replacement) == ("safe", "a cache for each instance, which goes with it")
    back = text.replace(value, "abs(self)")
    assert cached(back).replacement == "a cache that each instance makes for itself"
