"""What may stand in one field of study.toml: its types, and numbers as printed."""

from __future__ import annotations

import difflib
import math
import re
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationInfo

from survrecon.published import Printed
from survrecon.tables import MISSING

PLACEHOLDER = "?"  # what `survrecon new` writes wherever a document has to be read
_NOT_A_NUMBER = re.compile(
    r"[-–—]|n\.?\s?[ercas]\.?|not (?:reached|estimable|evaluable|estimated|calculable|available|attained)", re.IGNORECASE
)
_DIGITS = r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d{1,3})?"
_PRINTED = re.compile(rf"(?:p\s*(?=[<>≤≥=]))?(<=|>=|[<>≤≥=])?\s*({_DIGITS})\s*(%)?", re.IGNORECASE | re.ASCII)


def parse_printed(value: Any) -> Printed:
    """Read a number as it was printed.

    Parameters
    ----------
    value : str, int, float or Decimal
        E.g. ``"0.58"``, ``"·58"``, ``"0,58"``, ``"P<0.001"``, ``"21%"``, ``"NE"``, ``"not reached"``. A string keeps
        trailing zeros, which a float does not.

    Returns
    -------
    Printed
        The text, its value, relation, and half a unit of its last digit (0 after "<" or ">").

    Raises
    ------
    ValueError
        Neither a number nor one of the usual words for there being none.

    Examples
    --------
    >>> parse_printed("P<0.001")
    Printed(text='P<0.001', value=0.001, relation='<', half_unit=0.0)
    >>> parse_printed("21%")
    Printed(text='21%', value=0.21, relation='=', half_unit=0.005)
    >>> parse_printed("not reached").reached
    False
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise ValueError("is not a number as printed")
    text = str(value).strip()
    if _NOT_A_NUMBER.fullmatch(text):
        return Printed(text, None)
    plain = re.sub(r"\s*[x×]\s*10\s*\^?\s*(?=[-+\d])", "e", text.replace("·", ".").replace("−", "-"))
    match = _PRINTED.fullmatch(plain)
    if match is None or len(text) > 40:
        raise ValueError('is not a number as printed, such as "0.58", "<0.001", "21%", "not reached" or "NE"')
    relation, digits, percent = match.groups()
    if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", digits):
        raise ValueError("may mean thousands or a decimal comma; write it without the comma or with a decimal point")
    number = Decimal(digits.replace(",", ".")).scaleb(-2 if percent else 0)
    if not math.isfinite(float(number)):
        raise ValueError("is too large a number")
    sign: Literal["=", "<", ">"] = "<" if relation in ("<", "<=", "≤") else ">" if relation in (">", ">=", "≥") else "="
    exponent = number.as_tuple().exponent
    half_unit = float(Decimal(5).scaleb(int(exponent) - 1)) if sign == "=" else 0.0
    return Printed(text, float(number), sign, half_unit)


def _real(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError("is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("is not a finite number")
    return number


def _whole(value: Any) -> int:
    if _real(value) != math.floor(value):
        raise ValueError("is not a whole number")
    return int(value)


def _count(value: Any) -> float:
    """Return a number at risk, NaN for a missing cell; whether it is possible is for `Arm` to say."""
    if isinstance(value, str) and value.strip().lower() in MISSING:
        return math.nan
    return math.nan if isinstance(value, (float, Decimal)) and math.isnan(value) else _real(value)


def _text(value: str) -> str:
    if value.strip() == PLACEHOLDER:
        raise ValueError("is a placeholder")
    return value


def _label(value: str) -> str:
    if not _text(value).strip() or "\n" in value:
        raise ValueError("is empty or has several lines")
    return value


def _context(info: ValidationInfo) -> dict[str, Any]:
    """Return what `schema.PublishedTable` is validated with: the labels of the arms, the reference, whether anything is compared."""
    return info.context or {}


def _known_arm(label: str, info: ValidationInfo) -> str:
    arms = _context(info)["arms"]
    if label not in arms:
        close = difflib.get_close_matches(label, arms, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"the labels are {', '.join(arms) or 'none'}"
        raise ValueError(f"is not the label of an arm; {hint}")
    return label


def _compared_arm(label: str | None, info: ValidationInfo) -> str | None:
    if label is not None and label == _context(info)["reference"]:
        raise ValueError("is the reference arm; name the arm that is compared with it")
    if label is None and len(_context(info)["arms"]) < 2:
        raise ValueError("is missing, and there are no two arms to compare; add the [[arm]] tables")
    return label


def _named_arm(label: str | None, info: ValidationInfo) -> str | None:
    if label is None and len(_context(info)["arms"]) > 2:
        raise ValueError("is missing, and there are more than two arms; name the one that is compared with the reference")
    return label


def _reference(label: str | None, info: ValidationInfo) -> str | None:
    if label is None and _context(info)["compared"]:
        raise ValueError("is missing; name the arm that is the denominator of the hazard ratio")
    return label


def _not_negative(printed: Printed) -> Printed:
    if printed.value is not None and printed.value < 0:
        raise ValueError("is negative")
    return printed


def _share(printed: Printed) -> Printed:
    if printed.value is not None and not 0 <= printed.value <= 1:
        raise ValueError("is not between 0 and 1 (or 0% and 100%)")
    return printed


def _ordered(limits: tuple[Printed, Printed]) -> tuple[Printed, Printed]:
    lower, upper = (limit.value for limit in limits)
    if lower is not None and upper is not None and lower > upper:
        raise ValueError("has its lower limit above its upper limit; write the lower limit first")
    return limits


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Item = TypeVar("Item")
Many = Annotated[list[Item], BeforeValidator(_listed)]  # one table, or an array of them
Text = Annotated[str, AfterValidator(_text)]
Label = Annotated[str, AfterValidator(_label)]
KnownArm = Annotated[str, AfterValidator(_known_arm)]
ReferenceArm = Annotated[KnownArm | None, AfterValidator(_reference)]
ComparedArm = Annotated[KnownArm | None, AfterValidator(_compared_arm)]
SoleComparedArm = Annotated[ComparedArm, AfterValidator(_named_arm)]
Real = Annotated[float, BeforeValidator(_real)]
Time = Annotated[Real, Field(ge=0)]
Positive = Annotated[Real, Field(gt=0)]
Share = Annotated[Real, Field(gt=0, lt=1)]
Whole = Annotated[int, BeforeValidator(_whole), Field(ge=1)]
RiskCount = Annotated[float, PlainValidator(_count)]
Events = Annotated[int, BeforeValidator(_whole), Field(ge=0)]
Sides = Annotated[Literal[1, 2], BeforeValidator(_whole)]
Number = Annotated[Printed, PlainValidator(parse_printed), AfterValidator(_not_negative)]
Probability = Annotated[Printed, PlainValidator(parse_printed), AfterValidator(_share)]
Interval = Annotated[tuple[Number, Number], AfterValidator(_ordered)]
ProbabilityInterval = Annotated[tuple[Probability, Probability], AfterValidator(_ordered)]
