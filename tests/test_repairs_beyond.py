"""Bounded memos, weak callbacks, weak registrations, static workers."""

from __future__ import annotations

import subprocess
import sys

import pytest
from repairing import call_in, class_of, executed, holder_of, lines, program_of, repaired

from leaklint.model import Fix
from leaklint.repairs import bound_methods, bounded, registry


def memo(text: str, name: str = "MEMO", limit: int = 3) -> Fix:
    """Ask for a bounded memo."""
    program = program_of(text)
    return bounded(program, holder_of(program, name), limit)


MEMO = lines("""
    MEMO = {}

    def square(n):
        if n in MEMO:
            return MEMO[n]
        result = n * n
        MEMO[n] = result
        return result
    """)


def test_a_memo_drops_its_oldest_entry() -> None:
    fix = memo(MEMO)
    after = repaired(MEMO, fix)["mod.py"]
    assert (fix.safety, fix.replacement) == ("unsafe", "at most 3 entries")
    assert "may be worked out again" in fix.reason
    script = "seen += [square(n) for n in range(6)] + [square(0), square(5)]\nseen.append(list(MEMO))"
    assert executed(after, script) == [0, 1, 4, 9, 16, 25, 0, 25, [4, 5, 0]]
    assert executed(MEMO, script)[:-1] == executed(after, script)[:-1]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("return MEMO[n]", "the entry read at mod.py:5 may have fallen out"),
        ("return sum(MEMO.values())", "values() at mod.py:5"),
        ("for k in MEMO: print(k)", "all entries are needed at mod.py:5"),
        ("return MEMO", "all entries are needed at mod.py:5"),
        ("helper(MEMO)", "helper() at mod.py:5 gets the whole container"),
        ("if n: MEMO[n] = 2", "no room for another statement"),
    ],
)
def test_what_is_more_than_a_memo_is_left(code: str, told: str) -> None:
    fix = memo(f"MEMO = {{}}\ndef f(n):\n    MEMO[n] = n\ndef g(n):\n    {code}\n")
    assert (fix.safety, told in fix.reason, fix.edits) == ("none", True, ()), fix.reason


@pytest.mark.parametrize(
    ("use", "told"),
    [
        ("parts(n).append(1)", "what parts() returns is changed at mod.py:11"),
        ("return parts(n) is parts('a')", "what parts() returns is told by its identity at mod.py:11"),
        ("return len(parts(n))", ""),
    ],
)
def test_callers_may_count_on_what_a_memo_keeps(use: str, told: str) -> None:
    text = lines("""
        MEMO = {}

        def parts(n):
            if n in MEMO:
                return MEMO[n]
            found = n.split()
            MEMO[n] = found
            return found

        def g(n):
        """)
    fix = memo(f"{text}    {use}\n")
    assert (fix.safety, told in fix.reason) == ("none" if told else "unsafe", True), fix.reason


def test_a_memo_of_another_kind_is_left() -> None:
    assert memo("MEMO = []\ndef f(n):\n    MEMO.append(n)\n").safety == "none"
    assert memo("MEMO = {}\ndef f(n):\n    MEMO.update(n)\n").reason == "what fills the memo could not be read"


@pytest.mark.parametrize(
    ("head", "made"),
    [
        ("from random import Random", "Random"),
        ("from collections import namedtuple\nPair = namedtuple('Pair', 'a b')", "Pair"),
        ("class Own:\n    pass", "Own"),
    ],
)
def test_one_object_for_each_key_is_no_memo(head: str, made: str) -> None:
    text = (
        f"{head}\nMEMO = {{}}\ndef f(n):\n    found = MEMO.get(n)\n    if found is None:\n        found = {made}(n)\n"
    )
    fix = memo(f"{text}        MEMO[n] = found\n    return found\n")
    assert (fix.safety, f"the {made} stored at mod.py" in fix.reason) == ("none", True), fix.reason


CALLBACKS = lines("""
    HANDLERS = []
    heard = []

    class A:
        def __init__(self, name):
            self.name = name
            HANDLERS.append(self.on_event)

        def close(self):
            HANDLERS.remove(self.on_event)

        def on_event(self, event):
            heard.append((self.name, event))

    def fire(event):
        for handler in HANDLERS:
            handler(event)
        return len(HANDLERS)
    """)


def methods(text: str, name: str, depth: int = 0) -> Fix:
    """Ask for weak callbacks of class ``A``."""
    program = program_of(text)
    return bound_methods(program, holder_of(program, name), (class_of(program, "A"),), depth)


def test_callbacks_become_weak_methods() -> None:
    fix = methods(CALLBACKS, "HANDLERS")
    after = repaired(CALLBACKS, fix)["mod.py"]
    assert (fix.safety, fix.replacement) == ("unsafe", "weakref.WeakMethod")
    assert fix.reason == "assumes that no callback is meant to keep its object alive"
    alive = "a, b = A('a'), A('b')\nseen.append(fire(1))\na.close()\nseen += [fire(2), *heard]"
    assert executed(after, alive) == executed(CALLBACKS, alive) == [2, 1, ("a", 1), ("b", 1), ("b", 2)]
    dropped = "a, b = A('a'), A('b')\ndel a\nseen += [fire(1), *heard]"
    assert executed(after, dropped) == [1, ("b", 1)]


def test_callbacks_by_event() -> None:
    text = lines("""
        class A:
            handlers = {}

            def __init__(self, event):
                self.handlers.setdefault(event, []).append(self.on_event)

            def on_event(self):
                return 1

        def fire(event):
            return sum(handler() for handler in A.handlers.get(event, ()))
        """)
    fix = methods(text, "A.handlers", depth=1)
    after = repaired(text, fix)["mod.py"]
    assert fix.safety == "unsafe"
    script = "a, b = A(1), A(1)\nseen.append(fire(1))\ndel a\nseen += [fire(1), fire(2)]"
    assert executed(after, script) == [2, 1, 0]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def add(f):\n    H.append(f)", "the f stored at mod.py:10 may be a plain function"),
        ("def add():\n    H.append(lambda: 1)", "lambda: 1 at mod.py:10 is not known to be a bound method"),
        ("def add():\n    return H", "where weak references in it would be found"),
        ("def add():\n    return [h.__name__ for h in H]", ""),
        ("def add():\n    H.sort()", "sort() at mod.py:10 cannot be done"),
    ],
)
def test_other_callbacks_forbid_it(code: str, told: str) -> None:
    text = f"H = []\n\nclass A:\n    def __init__(self):\n        H.append(self.m)\n    def m(self): pass\n\n\n{code}\n"
    fix = methods(text, "H")
    assert ((fix.safety == "none") == bool(told), told in fix.reason) == (True, True), fix.reason


def test_a_function_that_is_only_given_methods_may_take_them() -> None:
    head = "H = []\n\nclass A:\n    def __init__(self):\n        add(self.m)\n    def m(self): pass\n"
    text = f"{head}\ndef add(f):\n    H.append(f)\n"
    fix = methods(text, "H")
    assert fix.safety == "unsafe" and "every caller of add() passes a bound method" in fix.reason


def registered(text: str, kind: str, name: str = "A.__init__") -> Fix:
    """Ask for the repair of the last call in a method."""
    program = program_of(text)
    wanted = {"atexit": "register", "finalize": "finalize", "thread": "Thread"}.get(kind, "")
    return registry(program, program.modules["mod"], call_in(program, name, wanted), kind)


ATEXIT = lines("""
    import atexit

    class A:
        def __init__(self, name):
            self.name = name
            atexit.register(self.close, 1, more=2)

        def close(self, x, more):
            print("closed", self.name, x, more)

    kept = A("kept")
    lost = A("lost")
    del lost
    """)


def test_an_exit_function_that_needs_its_object_is_left() -> None:
    fix = registered(ATEXIT, "atexit")
    assert (fix.safety, fix.edits) == ("none", ())
    assert "the object" in fix.reason and "define __del__" in fix.reason


NEEDED = lines("""
    import atexit

    class Writer:
        def __init__(self, name):
            self.name = name

        def close(self, *more):
            print("closed", self.name, *more, flush=True)

    class A:
        def __init__(self, name):
            self.writer = Writer(name)
            atexit.register(self.close)

        def close(self):
            \"\"\"Close.\"\"\"
            self.writer.close(1)

    kept = A("kept")
    lost = A("lost")
    del lost
    print("here")
    """)
TWICE = "def other(a):\n    a.writer = None\n"


@pytest.mark.parametrize(
    "way",
    [
        "self.close",
        "lambda: self.close()",
        "lambda: self.writer.close(1)",
        "partial(self.writer.close, 1)",
        "self.writer.close, 1",
    ],
)
@pytest.mark.parametrize("kind", ["atexit", "finalize"])
def test_a_finalizer_takes_what_the_clean_up_needs(way: str, kind: str) -> None:
    text = f"from functools import partial\nimport weakref\n{NEEDED.replace('self.close)', way + ')')}"
    if kind == "finalize":
        text = text.replace("atexit.register(", "weakref.finalize(self, ")
    fix = registered(text, kind)
    after = repaired(text, fix)["mod.py"]
    assert fix.safety == "unsafe" and "may run as soon as nobody holds the A any more" in fix.reason
    done = subprocess.run([sys.executable, "-c", after], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["closed lost 1", "here", "closed kept 1"]


def test_a_clean_up_that_only_changes_the_object_is_held_weakly() -> None:
    text = NEEDED.replace("self.writer.close(1)", "self.writer = None")
    fix = registered(text, "atexit")
    after = repaired(text, fix)["mod.py"]
    assert fix.safety == "unsafe" and "self.close() need not run at exit for an object that nobody holds" in fix.reason
    assert "weakref.finalize(self, _call_if_alive, weakref.WeakMethod(self.close))" in after


@pytest.mark.parametrize(
    ("before", "then", "told"),
    [
        ("kept =", f"{TWICE}\nkept =", "self.writer, which is not set once"),
        ("kept =", "class B(A):\n    def close(self): pass\n\nkept =", "a subclass overrides close()"),
        ("self.writer.close(1)", "self.writer.close(self)", "the object itself"),
        ("self.writer.close(1)", "self.writer.close(1)\n        self.done = 1", "more than one call"),
        ("Writer(name)", "Writer(self.close)", "may lead back to the object"),
        ("self.writer = Writer(name)", "self.start(name)", "not set once"),
    ],
)
def test_a_clean_up_that_cannot_do_without_the_object_is_left(before: str, then: str, told: str) -> None:
    text = NEEDED.replace(before, then)
    fix = registered(text, "atexit")
    assert (fix.safety, told in fix.reason, fix.edits) == ("none", True, ()), fix.reason


@pytest.mark.parametrize("start", ["0", "''", "None", "False"])
def test_what_starts_as_nothing_is_there_to_be_set_before_the_clean_up(start: str) -> None:
    text = NEEDED.replace("self.writer.close(1)", "self.writer.close(self.n)")
    text = text.replace("self.writer = Writer(name)", f"self.writer = Writer(name)\n        self.n = {start}")
    fix = registered(text, "atexit")
    assert fix.safety == "none" and f"self.n, which starts as {start} and is there to be set" in fix.reason
    assert registered(text.replace(f"self.n = {start}", "self.n = 3"), "atexit").safety == "unsafe"


def test_fork_callbacks_are_held_weakly() -> None:
    text = lines("""
        import os

        class A:
            def __init__(self):
                os.register_at_fork(before=self.stop, after_in_child=self.go)

            def stop(self):
                print("stop", flush=True)

            def go(self):
                print("go", flush=True)

        lost = A()
        del lost
        kept = A()
        if os.fork() == 0:
            os._exit(0)
        os.wait()
        """)
    fix = registered(text, "fork")
    after = repaired(text, fix)["mod.py"]
    assert fix.safety == "unsafe" and "self.go() need not run at a fork" in fix.reason
    assert "after_in_child=functools.partial(_call_if_alive, weakref.WeakMethod(self.go))" in after
    done = subprocess.run([sys.executable, "-c", after], capture_output=True, text=True, check=True)
    assert done.stdout == "stop\ngo\n"


@pytest.mark.parametrize(
    ("kind", "code", "told"),
    [
        ("atexit", "atexit.register(print, self)", "is not a method of self"),
        ("atexit", "atexit.register(self.close, self)", "arguments of its own"),
        ("atexit", "x = atexit.register(self.close)", "the result of the registration at mod.py:4 is used"),
        ("atexit", "atexit.register(self.close)\n        atexit.unregister(self.close)", "takes the registration back"),
        ("atexit", "atexit.register(self.unknown)", "takes more than the object"),
        ("finalize", "weakref.finalize(self, sync, self)", "is not a method of self"),
        ("signal", "signal.signal(1, self.close)", "the signal would do nothing at all once the object is gone"),
        ("timer", "threading.Timer(1, self.close)", "would have to be written anew"),
        ("fork", "os.register_at_fork(before=lambda: self.close())", "is not a method of self"),
        ("atexit", "atexit.register(lambda: self.close(late))", "the object itself"),
        ("atexit", "atexit.register(lambda: print(self))", "the object itself"),
        ("atexit", "atexit.register(partial(self.close, self))", "arguments of its own"),
        ("registrar", "keep(self.close)", "what the registrar does with the method is not known"),
    ],
)
def test_registrations_that_are_left(kind: str, code: str, told: str) -> None:
    text = f"import atexit, signal, weakref\nclass A:\n    def __init__(self):\n        {code}\n\n    def close(self): pass\n"
    fix = registered(text, kind)
    assert (fix.safety, told in fix.reason, fix.edits) == ("none", True, ()), fix.reason


WORKER = lines("""
    import threading

    class A:
        def __init__(self):
            self.pause = 0.001
            self.rounds = 0
            self.stopped = threading.Event()
            self.thread = threading.Thread(target=self.work, daemon=True)
            self.thread.start()

        def work(self):
            while not self.stopped.is_set():
                self.rounds += 1
                self.stopped.wait(0.001)
    """)


def test_a_worker_ends_with_its_object() -> None:
    fix = registered(WORKER, "thread")
    after = repaired(WORKER, fix)["mod.py"]
    assert fix.safety == "unsafe" and "work() may end when nobody holds the object any more" in fix.reason
    script = """
        import weakref
        a = A()
        thread = a.thread
        while a.rounds < 3:
            a.stopped.wait(0.001)
        r = weakref.ref(a)
        del a
        thread.join(20)
        seen += [r() is None, thread.is_alive()]
        """
    assert executed(after, script) == [True, False]


@pytest.mark.parametrize(
    "form", ["time.sleep(self.pause)\n            self.rounds += 1", "self.rounds += 1\n            time.sleep(0.001)"]
)
def test_a_worker_lets_go_while_it_sleeps(form: str) -> None:
    head, _, _ = WORKER.partition("        while not")
    text = f"import time\n{head}        while True:\n            {form}\n"
    after = repaired(text, registered(text, "thread"))["mod.py"]
    script = "a = A()\nthread = a.thread\nwhile a.rounds < 3:\n    time.sleep(0.001)\ndel a\n"
    script += "thread.join(20)\nseen.append(thread.is_alive())"
    assert executed(after, script) == [False]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("daemon=True", "args=(1,)", "passes arguments of its own"),
        ("(target=self.work, daemon=True)", "(None, self.work)", "runs something else"),
        ("while not self.stopped.is_set():", "self.x = 1\n        while True:", "more than one endless loop"),
        ("self.stopped.wait(0.001)", "self.run()", "does not wait at the start or the end"),
        ("self.rounds += 1", "if self.rounds: continue", "more than one endless loop"),
        ("def work(self):", "@other\n    def work(self):", "not a plain method"),
        ("self.thread.start()", "self.thread.start(); self.work()", "work is also used at mod.py:9"),
    ],
)  # fmt: skip
def test_workers_that_are_left(old: str, new: str, told: str) -> None:
    fix = registered(WORKER.replace(old, new), "thread")
    assert (fix.safety, told in fix.reason, fix.edits) == ("none", True, ()), fix.reason


NUMBERED = lines("""
    KEPT = {}
    MEMO = {}

    def token(thing):
        number = id(thing)
        KEPT[number] = thing
        return number

    def answer(thing):
        KEY
        if key not in MEMO:
            MEMO[key] = VALUE
        return MEMO[key]
    """)


@pytest.mark.parametrize(
    "key", ["key = id(thing)", "key = token(thing)", "key = id(thing), 1", "key = (1, token(thing))"]
)
def test_a_memo_by_the_number_of_an_object_is_not_bounded(key: str) -> None:
    fix = memo(NUMBERED.replace("KEY", key).replace("VALUE", "thing.text.upper()"))
    assert fix.safety == "none" and "has to go with the object" in fix.reason


@pytest.mark.parametrize(("key", "value"), [("key = id(thing)", "(thing, 1)"), ("key = thing.number", "thing.text")])
def test_a_memo_that_holds_the_object_whose_number_is_its_key_is_bounded(key: str, value: str) -> None:
    assert memo(NUMBERED.replace("KEY", key).replace("VALUE", value)).safety == "unsafe"
