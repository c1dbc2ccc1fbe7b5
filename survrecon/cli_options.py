"""What several commands share: units of time, and options of the form LABEL=VALUE."""

from __future__ import annotations

from collections.abc import Sequence

import click

TIME_UNITS = ("day", "week", "month", "year")


def pairs(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    """Split ``LABEL=VALUE`` options; a callback of click.

    Parameters
    ----------
    ctx, param : click.Context, click.Parameter
        Given by click.
    values : sequence of str
        The option's values, one for each time it was given.

    Returns
    -------
    dict of str
        Value by label.

    Raises
    ------
    click.BadParameter
        Another form, or a label given twice.
    """
    found: dict[str, str] = {}
    for text in values:
        label, equals, value = text.rpartition("=")  # R names its arms sex=male
        if not (label and equals and value):
            raise click.BadParameter(f"{text!r} is not of the form LABEL=VALUE", ctx, param)
        if label in found:
            raise click.BadParameter(f"{label!r} is given twice", ctx, param)
        found[label] = value
    return found


def counts(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> dict[str, int]:
    """Split ``LABEL=COUNT`` options; a callback of click.

    Parameters
    ----------
    ctx, param : click.Context, click.Parameter
        Given by click.
    values : sequence of str
        The option's values, one for each time it was given.

    Returns
    -------
    dict of int
        Count by label.

    Raises
    ------
    click.BadParameter
        Another form, a label given twice, or a count that is not a whole number.
    """
    found = pairs(ctx, param, values)
    for label, value in found.items():
        if not value.isdecimal():
            told = f"{label}={value}: {value!r} is not a whole number; {label}={value} is not of the form LABEL=COUNT"
            raise click.BadParameter(told, ctx, param)
    return {label: int(value) for label, value in found.items()}
