"""How the HTML page looks: system fonts, light and dark, room for wide tables, a sheet that can be printed."""

from __future__ import annotations

CSS = """
:root { color-scheme: light dark; --fg: #1f2328; --bg: #ffffff; --soft: #57606a; --panel: #f6f8fa; --line: #d0d7de;
  --link: #0550ae; --bad: #b3152a; --good: #116329; --warn: #7d4e00; --odd: #6639ba; --add: #dafbe1; --del: #ffebe9; }
@media (prefers-color-scheme: dark) { :root { --fg: #e6edf3; --bg: #0d1117; --soft: #9da7b3; --panel: #161b22;
  --line: #30363d; --link: #79b8ff; --bad: #ff7b72; --good: #56d364; --warn: #e3b341; --odd: #d2a8ff; --add: #12361f;
  --del: #48191c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; color: var(--fg); background: var(--bg);
  font: 16px/1.55 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.875em; }
a { color: var(--link); } a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link);
  outline-offset: 2px; }
.skip { position: absolute; left: -100vw; } .skip:focus { position: static; }
h1 { margin: 0 0 .5rem; font-size: 1.7rem; } h2 { margin: 2.5rem 0 .75rem; font-size: 1.3rem; }
h3 { margin: 0 0 .25rem; font-size: 1.05rem; } h4 { margin: 1.1rem 0 .35rem; font-size: .95rem; }
header { border-bottom: 1px solid var(--line); padding-bottom: 1rem; margin-bottom: 1.25rem; }
.totals { display: flex; flex-wrap: wrap; gap: .4rem 1.5rem; padding: 0; margin: 0; list-style: none; color: var(--soft); }
.totals strong { color: var(--fg); font-size: 1.2em; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .4rem .7rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; } abbr { text-decoration: none; }
article { border: 1px solid var(--line); border-radius: 8px; padding: 1.1rem 1.25rem; margin: 0 0 1.25rem; }
article > :last-child { margin-bottom: 0; } p { margin: .4rem 0; } .place { color: var(--soft); }
.code { color: var(--bad); font-weight: 700; }
pre { background: var(--panel); border-radius: 6px; padding: .75rem 1rem; overflow-x: auto; line-height: 1.45; }
pre .mark { color: var(--bad); font-weight: 700; } pre.page, pre.figures { white-space: pre-wrap; }
.diff span { display: inline-block; min-width: 100%; } .add { background: var(--add); } .del { background: var(--del); }
.hunk { color: var(--soft); } .path { margin: 0; padding-left: 1.4rem; }
.badge { border: 1px solid currentColor; border-radius: 1em; padding: 0 .6em; font-size: .8rem; font-weight: 600;
  white-space: nowrap; color: var(--soft); }
.confirmed { color: var(--bad); } .refuted { color: var(--good); } .bounded, .gc-lag, .until-closed { color: var(--warn); }
.unreached { color: var(--odd); }
figure { margin: .75rem 0; } figure img { max-width: 100%; height: auto; border-radius: 6px; }
figcaption { font-weight: 600; margin-bottom: .35rem; } summary { cursor: pointer; padding: .2rem 0; }
footer { margin-top: 2.5rem; padding-top: .75rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .9rem; }
@media print { body { max-width: none; } article { break-inside: avoid; } }
"""
