"""Kinds of mistakes that verdicts were found to make: a small program for each, and those that look the same and are right."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.model import Verdict
from leaklint.proof import VerifyOptions, verify

# A worker thread of a class: how it is started, works and is ended.
STARTS = """self.leaving = threading.Event()
                self.worker = threading.Thread(target=self._run, daemon=True)
                self.worker.start()"""
WORKS = """while not self.leaving.wait(0.2):
                    pass"""
ENDS = """self.leaving.set()
                self.worker.join()"""
PROGRAMS = {
    "line_never_runs": """
        import atexit, sys
        _open = []
        class Pidfile:
            def __init__(self):
                _open.append(self)
                if sys.platform == "riscos":
                    atexit.register(self.unlink)
            def unlink(self):
                _open.remove(self)
        """,
    "option_leads_there": """
        import os
        class Noise:
            def __init__(self, seed=0, forks=False):
                if forks:
                    os.register_at_fork(after_in_child=self._seed)
            def _seed(self):
                pass
        """,
    "closed_by_users": """
        import queue, sys, threading
        class Journal:
            def __init__(self):
                self.lines = queue.Queue()
                self.worker = threading.Thread(target=self._run, daemon=True)
                self.worker.start()
            def _run(self):
                while True:
                    self._do(*self.lines.get())
            def _do(self, act, *words):
                act(*words)
            def shutdown(self):
                self.lines.put((sys.exit,))
                self.worker.join()
        """,
    "stays_after_close": """
        import atexit
        class Spool:
            def __init__(self):
                self.rows = []
                atexit.register(self.close)
            def close(self):
                self.rows.clear()
        """,
    "thread_and_exit_handler": f"""
        import atexit, threading
        class Beacon:
            def __init__(self):
                {STARTS}
                atexit.register(self.stop)
            def _run(self):
                {WORKS}
            def stop(self):
                {ENDS}
        """,
    "thread_and_table": f"""
        import threading
        class Ferry:
            docked = []
            def __init__(self):
                {STARTS}
                Ferry.docked.append(self)
            def _run(self):
                {WORKS}
            def close(self):
                {ENDS}
        """,
    "taken_back_with_the_thread": f"""
        import atexit, threading
        class Radio:
            def __init__(self):
                {STARTS}
                atexit.register(self.stop)
            def _run(self):
                {WORKS}
            def stop(self):
                {ENDS}
                if self.leaving.is_set():
                    atexit.unregister(self.stop)
        """,
    "constants_are_passed": """
        _scales = {}
        class Scale:
            def __init__(self, sign):
                self.sign = sign
        def _scale_of(sign):
            if sign not in _scales:
                _scales[sign] = Scale(sign)
            return _scales[sign]
        def over(): return _scale_of(1)
        def under(): return _scale_of(-1)
        """,
    "variables_are_passed": """
        _marks = {}
        class Mark:
            def __init__(self, text):
                self.text = text
        def _mark_of(text):
            if text not in _marks:
                _marks[text] = Mark(text)
            return _marks[text]
        def page(number): return _mark_of(f"p{number}")
        """,
    "documented_as_text": """
        _tenants = []
        def enrol(tenant):
            '''Enrol.

            Args:
                tenant (str): its key.
            '''
            if tenant not in _tenants:
                _tenants.append(tenant)
        """,
    "documented_and_repeated": """
        _visits = []
        class Visit:
            def __init__(self, guest):
                self.guest = guest
        def visited(guest):
            '''Note a visit.

            Args:
                guest (str): the name.
            '''
            _visits.append(Visit(guest))
        """,
    "defaults_are_varied": """
        _lines = {}
        class Line:
            def __init__(self, name):
                self.name = name
        def line(name="main"):
            if name not in _lines:
                _lines[name] = Line(name)
            return _lines[name]
        """,
    "key_is_kept": """
        class Order:
            pass
        class Bill:
            pass
        class Till:
            _sums = {}
            @classmethod
            def bill(cls, order: Order) -> Bill:
                cls._sums[order] = 1
                return Bill()
        """,
    "made_once": """
        class _Ticker:
            _hooks = []
            def __init__(self):
                self._hooks.append(self._tick)
            def _tick(self):
                pass
        def ticker():
            if not hasattr(ticker, "made"):
                ticker.made = _Ticker()
            return ticker.made
        """,
    "public_caller": """
        import queue, threading
        class Carrier:
            def __init__(self):
                self._loads = None
            def begin(self):
                self._loads = queue.Queue()
                self._spawn()
            def _spawn(self):
                threading.Thread(target=self._work, daemon=True).start()
            def _work(self):
                while True:
                    self._loads.get()
        """,
    "kept_elsewhere": """
        from functools import lru_cache
        _all = {}
        class Item:
            def __init__(self):
                _all[id(self)] = self
        class Entry(Item):
            @lru_cache(maxsize=32)
            def code(self):
                return id(self)
        """,
    "kept_twice": """
        _log, _index = [], {}
        class Entry:
            def __init__(self):
                _log.append(self)
                _index[id(self)] = self
        """,
    "same_key": """
        class Lease:
            held = {}
            def __init__(self, path="data.txt"):
                self.path = path
            def __enter__(self):
                Lease.held[self.path] = self
                return self
            def __exit__(self, *error):
                Lease.held.pop(self.path.encode(), None)
        """,
    "thread_that_ends": """
        import threading, time
        class Album:
            def __init__(self):
                self.left = 10
                threading.Thread(target=self._work, daemon=True).start()
            def _work(self):
                while self.left:
                    time.sleep(0.03)
                    self.left -= 1
        """,
    "generator_function": """
        _seen = []
        class Token:
            pass
        def tokens(parts):
            for part in parts:
                token = Token()
                _seen.append(token)
                yield token
        """,
    "context_manager_function": """
        import contextlib
        _open = {}
        class Session:
            pass
        @contextlib.contextmanager
        def session():
            made = Session()
            _open[id(made)] = made
            try:
                yield made
            finally:
                del _open[id(made)]
        """,
    "asynchronous_generator": """
        _items = []
        class Item:
            pass
        async def items(count=3):
            for _ in range(count):
                item = Item()
                _items.append(item)
                yield item
        """,
    "threads_besides": """
        import signal, threading, time
        class Consumer:
            def __init__(self):
                self.stopped = False
            def start(self):
                threading.Thread(target=self._work, daemon=True).start()
                self._handlers()
            def _work(self):
                while not self.stopped:
                    time.sleep(0.01)
            def _handlers(self):
                signal.signal(signal.SIGTERM, self._stop)
            def _stop(self, *_):
                self.stopped = True
        """,
    "object_of_the_module": """
        class Word:
            pass
        class Trie:
            def __init__(self, limit):
                self.words = []
            def add(self, text):
                word = Word()
                self.words.append(word)
                return word
        _trie = Trie(limit=10)
        def note(text):
            return _trie.add(text).text
        """,
    "finalizer_over_a_part": """
        import weakref
        class Pool:
            def __init__(self, owner):
                self.owner = owner
            def shutdown(self):
                pass
        class Client:
            def __init__(self):
                self.pool = Pool(self)
                weakref.finalize(self, self.pool.shutdown)
        """,
    "finalizer_over_a_free_part": """
        import weakref
        class Pool:
            def __init__(self, owner):
                self.size = owner.size
            def shutdown(self):
                pass
        class Client:
            size = 1
            def __init__(self):
                self.pool = Pool(self)
                weakref.finalize(self, self.pool.shutdown)
        """,
}
# Programs in which there is nothing to prove.
SILENT = {"context_manager_function", "finalizer_over_a_free_part"}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Verdict]]:
    """Check and prove all programs in one run; return the verdicts by program and code."""
    folder = tmp_path_factory.mktemp("kinds")
    for name, text in PROGRAMS.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
    settings = Settings(confidence="low")
    found = verify(check([str(folder)], settings).findings, VerifyOptions(timeout=60))
    by_program: dict[str, dict[str, Verdict]] = {}
    for finding in found:
        if finding.verdict is not None:
            by_program.setdefault(Path(finding.path).stem, {})[finding.code] = finding.verdict
    return by_program


@pytest.mark.parametrize(
    ("program", "code", "status", "told"),
    [
        ("line_never_runs", "LK401", "unreached", "no statement"),
        ("option_leads_there", "LK401", "confirmed", "alive after"),
        ("closed_by_users", "LK401", "until-closed", "goes once shutdown() is called"),
        ("stays_after_close", "LK401", "confirmed", "stays after close() is called"),
        ("thread_and_exit_handler", "LK401", "confirmed", "stays after stop() is called"),
        ("thread_and_table", "LK101", "confirmed", "alive after"),
        ("constants_are_passed", "LK202", "bounded", "2"),
        ("variables_are_passed", "LK202", "confirmed", "alive after"),
        ("documented_as_text", "LK202", "bounded", "one entry for each value"),
        ("documented_and_repeated", "LK202", "confirmed", "grows"),
        ("defaults_are_varied", "LK202", "confirmed", "alive after"),
        ("key_is_kept", "LK102", "confirmed", "Order"),
        ("made_once", "LK103", "bounded", "the program makes one _Ticker"),
        ("public_caller", "LK401", "confirmed", "alive after"),
        ("kept_elsewhere", "LK301", "refuted", "keeps it"),
        ("kept_twice", "LK202", "unreached", "emptying one alone frees nothing"),
        ("same_key", "LK101", "confirmed", "alive after"),
        ("thread_that_ends", "LK401", "refuted", "died"),
        ("generator_function", "LK202", "confirmed", "grows"),
        ("asynchronous_generator", "LK202", "confirmed", "grows"),
        ("threads_besides", "LK401", "unreached", "kept by"),
        ("object_of_the_module", "LK202", "confirmed", "alive after"),
        ("finalizer_over_a_part", "LK401", "confirmed", "alive after"),
    ],
)
def test_a_kind(verdicts: dict[str, dict[str, Verdict]], program: str, code: str, status: str, told: str) -> None:
    found = verdicts[program].get(code)
    assert found is not None, verdicts[program]
    assert (found.status, told in found.reason) == (status, True), found


def test_programs_that_are_right_have_no_finding(verdicts: dict[str, dict[str, Verdict]]) -> None:
    assert not SILENT & verdicts.keys()


def test_verdicts_say_where_values_come_from(verdicts: dict[str, dict[str, Verdict]]) -> None:
    assert "call at constants_are_passed.py" in verdicts["constants_are_passed"]["LK202"].values
    assert verdicts["stays_after_close"]["LK401"].closing == "stays after close() is called"


COPIES = {
    "package below a folder without __init__": {
        "acme/billing/__init__.py": "",
        "acme/billing/ledger.py": "ENTRIES = []\n",
        "acme/billing/entry.py": """
            from acme.billing.ledger import ENTRIES
            class Entry:
                def __init__(self):
                    ENTRIES.append(self)
            """,
    },
    "parts that import each other by bare names": {
        "tool/__init__.py": "import os, sys\nsys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))\n",
        "tool/store.py": "SAVED = []\n",
        "tool/shapes.py": """
            import store
            class Shape:
                def __init__(self):
                    store.SAVED.append(self)
            """,
    },
    "imported where it is used": {
        "tool/__init__.py": """
            import sys
            from pathlib import Path
            HERE = Path(__file__).resolve().parent
            sys.path.append(str(HERE / "lib"))
            """,
        "tool/lib/store.py": "SAVED = {}\n",
        "tool/shapes.py": """
            class Shape:
                def __init__(self):
                    from store import SAVED
                    SAVED[id(self)] = self
            """,
    },
}


@pytest.mark.parametrize("name", COPIES)
def test_a_module_under_another_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, text in COPIES[name].items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(textwrap.dedent(text))
    monkeypatch.chdir(tmp_path)
    (found,) = verify(check(["."], Settings(confidence="low")).findings, VerifyOptions(timeout=60))
    assert found.verdict is not None
    assert (found.code, found.verdict.status) == ("LK202", "confirmed"), found.verdict
