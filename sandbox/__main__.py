"""Start, stop and look at the embedded stack: real servers for development, without Docker."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sandbox import backup, doctor, stack
from sandbox.home import DEFAULT_HOME, Home
from sandbox.plan import GROUPS

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    home = Home(options.home.resolve())
    # A terminal that closes or a CI that gives up ends a command as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return options.command(home, options)
    except stack.StackError as error:
        _say(str(error))
        return 1
    except PermissionError as error:
        _say(f"{error}: use a home of your own (--home), or be the user who owns this one.")
        return 1
    except KeyboardInterrupt:
        _say("Interrupted.")
        return INTERRUPTED


def up(home: Home, options: argparse.Namespace) -> int:
    began = time.monotonic()
    if not stack.up(home, options.only, ports_from=options.ports_from):
        print(f"Already up in {home.root}.")
        return 0
    print(f"Up in {time.monotonic() - began:.1f} s. Settings: . {home.env_file}")
    return 0


def down(home: Home, _: argparse.Namespace) -> int:
    print("Stopped." if stack.down(home) else "Nothing was running.")
    return 0


def status(home: Home, _: argparse.Namespace) -> int:
    parts = stack.status(home).get("parts", {})
    if not parts:
        left = ", ".join(stack.leftovers(home))
        what = f"The supervisor is gone, it left {left}" if left else "Nothing is running"
        print(f"{what} in {home.root}: run `python -m sandbox up`.")
        return 1
    for name, part in parts.items():
        again = f"restarted {part['restarts']} times" if part["restarts"] else ""
        where = f"pid {part['pid'] or '-':<8} {part['address']:32}"
        print(f"{name:24}{part['stage']:12}{where}{again}".rstrip())
    return 0 if all(part["stage"] in stack.READY for part in parts.values()) else 1


def env(home: Home, _: argparse.Namespace) -> int:
    for name, value in stack.variables(home).items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def reset(home: Home, _: argparse.Namespace) -> int:
    stack.reset(home)
    print(f"The data in {home.root} is gone.")
    return 0


def back_up(home: Home, options: argparse.Namespace) -> int:
    for name, part in backup.back_up(home, options.directory.resolve()).items():
        print(f"{name:12}{part['bytes'] / 2**20:10.1f} MB{part['seconds']:8.1f} s")
    print(f"The backup is in {options.directory}; it holds secrets.")
    return 0


def restore(home: Home, options: argparse.Namespace) -> int:
    for name, value in backup.restore(home, options.directory.resolve()).items():
        print(f"{name:24}{value}")
    return 0


def logs(home: Home, options: argparse.Namespace) -> int:
    files = [home.log(options.part)] if options.part else sorted(home.log("x").parent.glob("*.log"))
    for file in files:
        if not file.exists():
            message = f"There is no log of '{options.part}' in {file.parent}."
            raise stack.StackError(message)
        print(f"==> {file}")
        print("\n".join(file.read_text(errors="replace").splitlines()[-options.lines :]))
    return 0


def execute(home: Home, options: argparse.Namespace) -> int:
    if not options.argv:
        message = "Say what to run: python -m sandbox exec -- COMMAND ..."
        raise stack.StackError(message)
    started = stack.up(home, options.only, report=_say)
    try:
        return stack.run_command(options.argv, stack.variables(home))
    except FileNotFoundError as error:
        _say(f"{options.argv[0]}: {error.strerror}")
        return 127
    finally:
        if started:
            stack.stop_undisturbed(home)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _groups(text: str) -> list[str]:
    names = text.split(",")
    unknown = sorted(set(names) - set(GROUPS))
    if unknown:
        message = f"{', '.join(unknown)}: choose from {', '.join(GROUPS)}"
        raise argparse.ArgumentTypeError(message)
    return names


def _parser() -> argparse.ArgumentParser:
    home = argparse.ArgumentParser(add_help=False)
    default = Path(os.environ.get("SANDBOX_HOME", DEFAULT_HOME))
    home.add_argument(
        "--home", type=Path, default=default, help="where its files are (%(default)s)"
    )
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[..., int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, parents=[home], help=text, description=text)
        added.set_defaults(command=command)
        return added

    start = add("up", up, "start everything that is not running, wait until it is healthy")
    add("down", down, "stop what `up` started")
    add("status", status, "list the parts; exit code 1 if one is not healthy")
    add("env", env, "print the settings as shell exports")
    add("reset", reset, "stop and delete all data, keep the virtual environments")
    for name, command, text in (
        ("backup", back_up, "write all data of a running stack into a new directory"),
        ("restore", restore, "make a stack of a backup, in a home without data"),
    ):
        add(name, command, text).add_argument("directory", type=Path)
    tail = add("logs", logs, "print the end of the logs")
    tail.add_argument("part", nargs="?", help="of this part only")
    tail.add_argument(
        "--lines", type=int, default=20, metavar="N", help="lines of each (%(default)s)"
    )
    add("doctor", doctor.examine, "check what the stack needs of this machine")
    run = add(
        "exec", execute, "start, run a command with the settings, stop; its exit code is ours"
    )
    run.add_argument("argv", nargs="*", metavar="-- COMMAND", help="the command and its arguments")
    for command in (start, run):
        known = ",".join(GROUPS)
        command.add_argument("--only", type=_groups, default=[*GROUPS], help=f"of {known}")
    start.add_argument("--ports-from", type=int, metavar="N", help="use N, N+1, ... for its ports")
    return parser


if __name__ == "__main__":
    sys.exit(main())
