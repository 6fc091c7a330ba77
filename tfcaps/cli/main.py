"""The command itself: finds sub-commands, and turns whatever goes wrong into one line and an exit code.

Exit codes: 0 done, 2 bad input, 130 interrupted by the user.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

import tfcaps
from tfcaps.cli import console, quiet
from tfcaps.errors import TfcapsError

# In the order of the work; each is the function of that name in the module of that name.
COMMANDS = (
    "train", "prune", "quantize", "convert", "compile", "deploy", "inspect", "bench", "compare", "run",
    "evaluate", "completion",
)


class LazyGroup(click.Group):
    """A group whose sub-commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one."""
        if cmd_name not in COMMANDS:
            return None
        return getattr(importlib.import_module(f"tfcaps.cli.{cmd_name}"), cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a sub-command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # click would write an empty line
            raise click.Abort from None

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, and leave with an exit code."""
        extra = {"prog_name": "tfcaps", **extra, "standalone_mode": False}
        try:
            code = super().main(*args, **extra)
            sys.stdout.flush()
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message())
            code = 2
        except click.exceptions.Exit as error:
            code = error.exit_code
        except (click.Abort, KeyboardInterrupt):
            console.error("interrupted")
            code = 130
        except BrokenPipeError:  # the reader of our output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 0
        except Exception as error:
            if quiet.debugging():
                raise
            console.error(explain(error))
            code = 2
        sys.exit(code if isinstance(code, int) else 0)


def explain(error: Exception) -> str:
    """What to tell the user."""
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, TfcapsError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, MemoryError):
        return "out of memory"
    return f"unexpected {type(error).__name__}: {error} (TFCAPS_DEBUG=1 shows where)"


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(tfcaps.__version__, prog_name="tfcaps")
def cli() -> None:
    """Capsule networks for microcontrollers.

    Train a capsule network, prune it, quantise it, convert it to an int8 .tflite with capsule operators, and run that
    on the host. Every command works on the files of the one before it.
    """


def main() -> None:
    """The entry point of the installed command."""
    quiet.prepare_environment()
    quiet.keep_stderr_to_ourselves()
    cli()
