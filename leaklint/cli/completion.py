"""``leaklint completion SHELL``: print a completion script made from the commands' own parsers."""

from __future__ import annotations

import argparse

from leaklint.cli import COMMANDS, load, output
from leaklint.cli.parsing import Parser
from leaklint.records import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a command: its spellings, its help, and what its value may be; without spellings its first argument.

    ``value`` is ``none``, ``file``, ``word`` or ``choice``; ``choices`` are the words of a choice.
    """

    names: tuple[str, ...]
    help: str
    value: str
    choices: tuple[str, ...] = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``run``."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))
    parser.epilog = (
        "bash: source <(leaklint completion bash)    zsh: source <(leaklint completion zsh)    "
        "fish: leaklint completion fish | source"
    )


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    commands = {name: described(name) for name in COMMANDS}
    output.write({"bash": bash, "zsh": zsh, "fish": fish}[args.shell](commands))
    return output.CLEAN


def described(command: str) -> tuple[Option, ...]:
    """Return the options of a command, and its first argument if that is one of a few words, read from its parser."""
    parser = Parser(f"leaklint {command}", COMMANDS[command])
    load(command).add_arguments(parser)
    first = next((action for action in parser.declared() if not action.option_strings), None)
    wanted = [action for action in parser.declared() if action.option_strings or (action is first and action.choices)]
    return tuple(_option(action) for action in wanted)


def _option(action: argparse.Action) -> Option:
    text = " ".join((action.help or "").replace("%%", "%").split())
    choices = tuple(map(str, action.choices or ()))
    takes = "none" if action.nargs == 0 else "choice" if choices else "word"
    if takes == "word" and action.metavar in ("FILE", "PATH", "FOLDER", "DIR"):
        takes = "file"
    return Option(tuple(action.option_strings), text, takes, choices)


def bash(commands: dict[str, tuple[Option, ...]]) -> str:
    """Return a script for bash 3.2 and later; paths are completed by the shell itself."""
    cases = []
    for name, options in commands.items():
        words = " ".join(spelling for option in options for spelling in option.names)
        cases.append(f"    {name}) words='{words}' ;;")
    values = [
        f"    '{name} {spelling}') words='{' '.join(option.choices)}' ;;"
        for name, options in commands.items()
        for option in options
        for spelling in option.names
        if option.choices
    ]
    values += [
        f"    '{name} {name}') case \"$current\" in -*) ;; *) words='{' '.join(option.choices)}' ;; esac ;;"
        for name, options in commands.items()
        for option in options
        if not option.names
    ]
    return _BASH.format(commands=" ".join(commands), cases="\n".join(cases), values="\n".join(values))


def zsh(commands: dict[str, tuple[Option, ...]]) -> str:
    """Return a script for zsh's ``compdef``."""
    named = "\n".join(f"    {_quote(f'{name}:{COMMANDS[name]}')}" for name in commands)
    cases = "\n".join(
        f"    {name}) _arguments {' '.join(_zsh_spec(option) for option in options)} '*:path:_files' ;;"
        for name, options in commands.items()
    )
    return _ZSH.format(commands=named, cases=cases)


def fish(commands: dict[str, tuple[Option, ...]]) -> str:
    """Return ``complete`` lines for fish."""
    rows = [
        f"complete -c leaklint -n __fish_use_subcommand -f -a {name} -d {_fish_quote(COMMANDS[name])}"
        for name in commands
    ]
    for name, options in commands.items():
        for option in options:
            used = f"; and not __fish_seen_subcommand_from {' '.join(option.choices)}" if not option.names else ""
            rows.append(f"complete -c leaklint -n '__fish_seen_subcommand_from {name}{used}' {_fish_spec(option)}")
    return "\n".join(rows) + "\n"


def _zsh_spec(option: Option) -> str:
    if not option.names:
        return _quote(f"1:value:({' '.join(option.choices)})")
    text = option.help.translate(str.maketrans("[]", "()"))
    value = {"none": "", "word": ":value:", "file": ":file:_files"}.get(
        option.value, f":value:({' '.join(option.choices)})"
    )
    return " ".join(_quote(f"{name}[{text}]{value}") for name in option.names)


def _fish_spec(option: Option) -> str:
    if not option.names:
        return f"-f -a '{' '.join(option.choices)}'"
    names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
    value = {"none": "", "word": " -x", "file": " -r -F"}.get(option.value, f" -x -a '{' '.join(option.choices)}'")
    return f"{names}{value} -d {_fish_quote(option.help)}"


def _quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _fish_quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_BASH = """\
_leaklint() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="" words=""
  COMPREPLY=()
  [ "$COMP_CWORD" -gt 0 ] && previous="${{COMP_WORDS[COMP_CWORD-1]}}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="{commands} --help --version"
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return
  fi
  case "${{COMP_WORDS[1]}} $previous" in
{values}
  esac
  if [ -z "$words" ]; then
    case "$current" in -*) ;; *) return ;; esac
    case "${{COMP_WORDS[1]}}" in
{cases}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _leaklint leaklint
"""

_ZSH = """\
#compdef leaklint
_leaklint() {{
  local -a commands
  commands=(
{commands}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
{cases}
  esac
}}
if [[ $funcstack[1] == _leaklint ]]; then  # found by its name below $fpath
  _leaklint "$@"
else
  compdef _leaklint leaklint
fi
"""
