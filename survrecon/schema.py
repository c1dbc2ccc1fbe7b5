"""The tables of study.toml as pydantic models, and every violation of them as a `Problem`."""

from __future__ import annotations

import difflib
import re
from decimal import Decimal
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from survrecon.errors import Problem
from survrecon.fields import (
    PLACEHOLDER,
    ComparedArm,
    Events,
    Interval,
    KnownArm,
    Label,
    Many,
    Number,
    Positive,
    Probability,
    ProbabilityInterval,
    Real,
    ReferenceArm,
    RiskCount,
    Share,
    Sides,
    SoleComparedArm,
    Text,
    Time,
    Whole,
    parse_printed,
)
from survrecon.published import Printed

COMPARISONS = ("hazard_ratio", "logrank_p", "logrank_chi2", "wald_p")  # the keys of [published] that set one arm against another


class Table(BaseModel):
    """A table of study.toml: no key but those listed."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class StudyTable(Table):
    """``[study]``."""

    trial: Label = Field(description="the name of the trial")
    endpoint: Label = Field(description="the end point, and who assessed it")
    time_unit: Literal["day", "week", "month", "year"] = Field(description="the unit of every time in this file and its curves")
    evidence: Literal["digitized", "printed", "registered", "ipd"] = Field(
        description="digitized (coordinates of a curve), printed (numbers only), registered (no result yet) or ipd (patient data)"
    )
    ipd: Text = Field("", description="the file of patient data: time, event, arm")
    citation: Text = Field("", description="authors, title, journal, year, pages")
    doi: Text = Field("", description="the document's DOI")
    figure: Text = Field("", description="the figure and panel")
    registration: Text = Field("", description="the registration number")
    source: Text = Field("", description="where all this was read")
    missing: list[Text] = Field([], description="what the document has and this folder does not")
    notes: list[Text] = Field([], description="what else a reader must know")


class BeyondTable(Table):
    """A statement that so many subjects were event-free and followed beyond a time."""

    time: Time = Field(description="the time beyond which they were event-free")
    count: Whole = Field(description="how many subjects")


class ArmTable(Table):
    """``[[arm]]``."""

    label: Label = Field(description="the name of the arm")
    n: Whole | None = Field(None, description="the number of subjects at time 0")
    total_events: Events | None = Field(None, description="the printed number of events, from 0 to n")
    events_percent: Probability | None = Field(None, description='the printed share of subjects with an event, e.g. "43.7%"')
    risk_times: list[Real] | None = Field(None, description="the times of the printed numbers at risk")
    risk_counts: list[RiskCount] | None = Field(
        None, description='the printed numbers at risk, one for each of risk_times, "" where a cell is missing'
    )
    curve: Text | None = Field(None, description="the file of coordinates, time and survival")
    scale: Literal["probability", "percent", "auto"] = Field("auto", description="the unit of the curve's survival")
    orientation: Literal["survival", "failure", "auto"] = Field("auto", description="survival falls from 1, failure rises from 0")
    resolution: tuple[Positive, Positive] | None = Field(
        None, description="the smallest steps of time and of survival probability that the figure shows, such as those of a pixel"
    )
    censor_times: list[Real] | None = Field(None, description="the times of the censor marks")
    censor_file: Text | None = Field(None, description="the file of the times of the censor marks, one column")
    last_follow_up: Time | None = Field(None, description="the printed longest follow-up")
    beyond: Many[BeyondTable] = Field([], description="tables { time, count }: so many subjects event-free beyond a time")
    source: Text = Field("", description="where each number was read: document, page, table or figure")


class ResultTable(Table):
    """A printed estimate, e.g. a median."""

    estimate: Number = Field(description='the number as printed, or "not reached"')
    ci: Interval | None = Field(None, description='the printed limits, lower first, or "not estimable" in place of one')
    level: Share = Field(0.95, description="the confidence level, e.g. 0.95")
    ci_type: Text = Field("", description='the kind of interval, e.g. "log-log", where the paper says it')
    population: Text = Field("", description="the population, where it is not that of the curve")
    source: Text = Field("", description="where it was read")


class ComparisonTable(ResultTable):
    """A printed log-rank chi-squared: without `arm`, over all arms."""

    arm: ComparedArm = Field(None, validate_default=True, description="the label of the arm that is compared with the reference")
    model: Text = Field("", description='the model as the paper names it, e.g. "Cox"')
    stratified: bool = Field(False, description="true or false")
    adjusted: bool = Field(False, description="true or false")


class HazardRatioTable(ComparisonTable):
    """A printed hazard ratio, of one arm against the reference."""

    arm: SoleComparedArm = Field(
        None, validate_default=True, description="the label of the arm that is compared with the reference"
    )


class PValueTable(Table):
    """A printed p value: without `arm`, over all arms."""

    value: Probability | None = Field(None, description='the p value as printed, e.g. "0.03"')
    below: Probability | None = Field(None, description='the bound of a p value printed as "<0.001"')
    above: Probability | None = Field(None, description='the bound of a p value printed as ">0.99"')
    arm: ComparedArm = Field(None, validate_default=True, description="the label of the arm that is compared with the reference")
    two_sided: bool = Field(True, description="true or false")
    model: Text = Field("", description='the model as the paper names it, e.g. "Cox"')
    stratified: bool = Field(False, description="true or false")
    adjusted: bool = Field(False, description="true or false")
    population: Text = Field("", description="the population, where it is not that of the curve")
    source: Text = Field("", description="where it was read")

    @model_validator(mode="after")
    def _one_number(self) -> PValueTable:
        if sum(printed is not None for printed in (self.value, self.below, self.above)) != 1:
            raise ValueError('must have exactly one of value, below (printed "<") and above (printed ">"); leave out the others')
        if any(printed is not None and (printed.relation != "=" or printed.value is None) for printed in (self.below, self.above)):
            raise ValueError("must have a bare number as below or above; write the sign in value instead")
        return self

    @property
    def estimate(self) -> Printed:
        """The number with its relation."""
        if self.value is not None:
            return self.value
        return parse_printed(f"<{self.below.text}" if self.below is not None else f">{self.above.text}")  # type: ignore[union-attr]


class LandmarkTable(ResultTable):
    """A printed restricted mean survival time."""

    arm: KnownArm = Field(description="the label of its arm")
    time: Time = Field(description="its horizon, in the time unit of the study")


class SurvivalTable(LandmarkTable):
    """A printed survival at a landmark."""

    estimate: Probability = Field(description='the survival as printed, e.g. "21%" or "0.21"')
    ci: ProbabilityInterval | None = Field(None, description='the printed limits, lower first, or "not estimable" in place of one')
    time: Time = Field(description="the landmark, in the time unit of the study")


class SubgroupTable(Table):
    """One row of a forest plot."""

    factor: Label = Field(description='the factor, e.g. "age"')
    level: Label = Field(description='its level, e.g. "<65 yr"')
    estimate: Number = Field(description="the hazard ratio as printed")
    ci: Interval | None = Field(None, description='the printed limits, lower first, or "not estimable" in place of one')
    n: Whole | None = Field(None, description="the number of subjects in it, all arms together")
    source: Text = Field("", description="where it was read")


class DesignTable(Table):
    """A sample-size statement."""

    events: Whole = Field(description="the planned number of events")
    hazard_ratio: Positive = Field(description="the hazard ratio under the alternative")
    power: Share = Field(description="the power, e.g. 0.9")
    alpha: Share = Field(description="the type I error, e.g. 0.05")
    sides: Sides = Field(2, description="1 or 2: whether alpha is one- or two-sided")
    allocation: Positive = Field(1.0, description="the subjects in the other arm for each in the reference arm")
    source: Text = Field("", description="where it was read")


class InterimTable(Table):
    """An interim analysis."""

    events: Whole = Field(description="the events at this analysis")
    planned_events: Whole = Field(description="the events planned for the final analysis")
    boundary_hr: Number | None = Field(None, description="the printed boundary of the hazard ratio")
    boundary_p: Probability | None = Field(None, description="the printed boundary of the p value")
    alpha: Share = Field(0.05, description="the type I error of the whole trial")
    sides: Sides = Field(2, description="1 or 2: whether alpha is one- or two-sided")
    p_sides: Sides = Field(2, description="1 or 2: whether boundary_p is one- or two-sided")
    spending: Text = Field("O'Brien-Fleming", description="the spending function")
    source: Text = Field("", description="where it was read")


class PublishedTable(Table):
    """``[published]``; validated with a context that names the arms, the reference and whether there are comparisons."""

    reference: ReferenceArm = Field(
        None, validate_default=True, description="the label of the reference arm, the denominator of every hazard ratio"
    )
    hazard_ratio: Many[HazardRatioTable] = Field([], description="the hazard ratio: estimate, ci, arm, source")
    logrank_p: Many[PValueTable] = Field([], description="the log-rank p value: value, below or above")
    logrank_chi2: Many[ComparisonTable] = Field([], description="the log-rank chi-squared: estimate")
    wald_p: Many[PValueTable] = Field([], description="the Wald p value: value, below or above")
    median: dict[KnownArm, Many[ResultTable]] = Field({}, description="the medians, by label of their arm")
    survival: Many[SurvivalTable] = Field([], description="survival at landmarks: arm, time, estimate")
    rmst: Many[LandmarkTable] = Field([], description="restricted mean survival times: arm, time, estimate")
    subgroup: Many[SubgroupTable] = Field([], description="rows of the forest plot: factor, level, estimate")
    design: DesignTable | None = Field(None, description="the sample-size statement")
    interim: Many[InterimTable] = Field([], description="interim analyses")


class StudyFile(Table):
    """The whole of study.toml, before its tables are looked into."""

    study: dict[str, Any] = Field(description="the table [study] with trial, endpoint, time_unit and evidence")
    arm: list[dict[str, Any]] = Field([], description="tables [[arm]], one for each arm")
    published: dict[str, Any] = Field({}, description="the table [published]")


Model = TypeVar("Model", bound=Table)


def checked(model: type[Model], data: Any, key: str, problems: list[Problem], context: dict[str, Any] | None = None) -> Model | None:
    """Validate one table.

    Parameters
    ----------
    model : type of Table
        What it must be.
    data : Any
        The table as read.
    key : str
        Where it stands in the file.
    problems : list of Problem
        Everything wrong with it is appended.
    context : dict, optional
        For the validators of `PublishedTable`.

    Returns
    -------
    Table or None
        The validated table; None where there are problems.
    """
    try:
        return model.model_validate(data, context=context)
    except ValidationError as error:
        for details in error.errors(include_url=False, include_context=False):
            place = _place(key, data, details["loc"])
            value = "" if details["type"] == "missing" else _shown(details["input"])
            problems.append(Problem(place, value, _remedy(model, details["loc"], details["type"], details["msg"], details["input"])))
        return None


def _place(key: str, data: Any, loc: tuple[int | str, ...]) -> str:
    """Return a dotted key for a pydantic location."""
    for part in loc:
        if isinstance(part, int):
            if isinstance(data, list):  # else a single table, which stands for an array of one
                key += f"[{part}]"
                data = data[part] if part < len(data) else None
        elif part != "[key]":
            key += ("." if key else "") + (part if re.fullmatch(r"[\w-]+", part) else f'"{part}"')
            data = data.get(part) if isinstance(data, dict) else None
    return key


def _shown(value: Any) -> str:
    text = "" if value is None else str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _remedy(model: type[Table], loc: tuple[int | str, ...], kind: str, message: str, value: Any) -> str:
    table, description = model, ""
    for part in loc[: -1 if kind == "extra_forbidden" else None]:
        field = table.model_fields.get(str(part))
        if field is not None:
            description = field.description or ""
            table = _table_within(field.annotation) or table
    if kind == "extra_forbidden":
        close = difflib.get_close_matches(str(loc[-1]), table.model_fields, 1)
        return f"unknown key; did you mean {close[0]!r}?" if close else f"unknown key; known here are {', '.join(table.model_fields)}"
    if isinstance(value, str) and value.strip() == PLACEHOLDER:
        what = "is still a placeholder"
    elif kind == "missing":
        what = "is missing"
    else:
        what = message.removeprefix("Value error, ").removeprefix("Input ")
    return what if "; " in what or not description else f"{what}; write {description}"  # our own messages say what to write


def _table_within(annotation: Any) -> type[Table] | None:
    """Return the model inside an annotation such as ``list[Model] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    return next((found for found in map(_table_within, get_args(annotation)) if found), None)
