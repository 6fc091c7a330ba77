"""`tfcaps completion`: the script that teaches a shell the command's words."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

# click keeps the lines of a paragraph that begins with a backspace.
_HELP = """Print a shell's completion script.

\b
bash:  tfcaps completion bash > ~/.local/share/bash-completion/completions/tfcaps
zsh:   tfcaps completion zsh > "${fpath[1]}/_tfcaps"
fish:  tfcaps completion fish > ~/.config/fish/completions/tfcaps.fish
"""


@click.command(help=_HELP)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script."""
    from tfcaps.cli.main import cli

    complete = get_completion_class(shell)
    assert complete is not None  # click brings these three
    click.echo(complete(cli, {}, "tfcaps", "_TFCAPS_COMPLETE").source())
