"""The commands as typer takes them: their order, their help, and what becomes of an error."""

from __future__ import annotations

import errno
from typing import Any

import typer
from typer.core import TyperGroup

from processors import _console
from processors.errors import RecentActivitiesError, remedy


class Commands(TyperGroup):
    """Commands in the order of the work; an error that a person can mend is told without a traceback."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def get_params(self, ctx: Any) -> list[Any]:
        return _without_types(super().get_params(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command:
            _without_types(command.get_params(ctx))
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except RecentActivitiesError as problem:
            _console.say("error", str(problem))
            raise typer.Exit(problem.exit_code) from None
        except OSError as problem:
            if problem.errno == errno.EPIPE:  # the reader of a pipe went away; typer knows what to do
                raise
            what = f"{problem.filename or 'The system'}: {problem.strerror or problem}"
            _console.say("error", f"{what}. {remedy(problem)}")
            raise typer.Exit(2) from None


def _without_types(parameters: list[Any]) -> list[Any]:
    """The parameters; typer 0.29 would write `<bool>` beside a flag in the help, `<list[Path]>` beside an argument."""
    for parameter in parameters:
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
        if parameter.param_type_name == "argument":
            dots = "" if parameter.nargs == 1 else "..."
            parameter.display_type_rich = lambda ctx, dots=dots: dots
    return parameters
