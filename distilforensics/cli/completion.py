"""`distilforensics completion`: what a shell needs to complete verbs, options and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import get_completion_class

from distilforensics.cli.exit_codes import COMPLETE, PROGRAM
from distilforensics.cli.options import command, examples

if TYPE_CHECKING:
    from distilforensics.cli.output import Output

SHELLS = ("bash", "zsh", "fish")


@command(
    "completion",
    epilog=examples(
        "distilforensics completion bash > ~/.local/share/bash-completion/completions/distilforensics",
        "distilforensics completion fish > ~/.config/fish/completions/distilforensics.fish",
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str, output: Output) -> None:
    """Print the completion script of SHELL.

    Put it where the shell looks for such scripts (bash and fish: see below), or, for zsh, add
    `source <(distilforensics completion zsh)` to ~/.zshrc.
    """
    kind = get_completion_class(shell)
    assert kind is not None
    output.line(kind(click.get_current_context().find_root().command, {}, PROGRAM, COMPLETE).source())
