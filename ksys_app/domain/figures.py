"""Numbers as text, with the digits that the span of a tag needs, the same everywhere (PRD §5.7).

``components/client/lib/figures.js`` follows the same rules in the browser, so tile, table, legend,
tooltip and axis write a number in the same way. Both round a number to 15 digits first, because
the digits after that are noise of the arithmetic. Halves are rounded away from zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Final

Span = tuple[float, float]

DASH: Final = "–"
NARROW: Final = "\u202f"
DIGITS: Final = 15
"""Significant digits that every double keeps."""
LARGE: Final = 9
SMALL: Final = -4
"""Powers of ten: numbers from 1e9 on and below 1e-4 are written in engineering notation."""
# With fewer decimals than this, a number below 1e-4 is written as zero.
_TRACE: Final = 7
_FEW: Final = 4
_BRIEF: Final = 6
_CONTEXTS: Final = [Context(prec=n or 1, rounding=ROUND_HALF_UP) for n in range(DIGITS + 1)]
_EXACT: Final = Context(prec=40, rounding=ROUND_HALF_UP)


def finite(value: float | None) -> float | None:
    """``value`` unless it is missing, NaN or infinite."""
    return value if value is not None and math.isfinite(value) else None


def all_finite(values: Sequence[float | None]) -> bool:
    """Whether no value is missing, NaN or infinite; may be False where a sum overflows."""
    try:
        return math.isfinite(sum(values))  # type: ignore[arg-type]
    except TypeError:
        return False


def places(span: Span | None) -> int:
    """Decimals that resolve a thousandth of a span: 1 for 0..200, 8 for 0..1e-5, -6 for 0..5e9.

    Where 15 digits cannot separate the two ends, the decimals resolve a thousandth of the value.
    """
    if span is None or not all(map(math.isfinite, span)):
        return 1
    low, high = span
    scale, width = max(abs(low), abs(high)), high - low
    if width <= scale * 1e-14:
        width = scale
    return 3 - _exponent(min(width, _MAX)) if width > 0 else 1


# Most figures of a tick are the same as in the tick before.
@lru_cache(16_384)
def figure(value: float | None, decimals: int = 1) -> str:
    """A number as text: ``190.0``, ``3.79e-6``, ``3.234567890e9``; a dash for no finite number.

    Args:
        value: the number.
        decimals: the decimals that its span needs, from :func:`places`. Decimal notation has at
            least one decimal. Engineering notation has at least the units. The text never has
            more than 15 digits.
    """
    number = finite(value)
    if number is None:
        return DASH
    size = abs(number)
    exponent = at_15_digits(size).adjusted()
    if exponent >= LARGE or (size > 0 and exponent < SMALL and decimals >= _TRACE):
        return _signed(number, _engineering(size, decimals))
    # Beside numbers in engineering notation, zero needs one decimal only.
    return _signed(
        number, _fixed(size, 1 if size == 0 and decimals >= _TRACE else max(1, decimals))
    )


def brief(value: float, digits: int = _BRIEF) -> str:
    """A number for limits and messages: ``190``, ``196.25``, ``123456791``, ``3.79e-6``.

    The text has ``digits`` significant digits, or more where the whole part needs them, and no
    zeros at its end.
    """
    number = finite(value)
    if number is None:
        return DASH
    size = abs(number)
    exponent = at_15_digits(size).adjusted() if size else 0
    decimals = digits - 1 - exponent
    if exponent >= LARGE or exponent < SMALL:
        return _signed(number, _trimmed(_engineering(size, decimals)))
    return _signed(number, _trimmed(_fixed(size, max(0, decimals))))


def brief_differing(value: float, other: float) -> str:
    """``value`` as :func:`brief` writes it, with enough digits to differ from ``other``."""
    for digits in range(_BRIEF, DIGITS + 1):
        text = brief(value, digits)
        if value == other or text != brief(other, digits):
            break
    return text


def at_15_digits(size: float) -> Decimal:
    """A number rounded to 15 significant digits."""
    return _CONTEXTS[DIGITS].create_decimal(Decimal(size))


def full(value: float | None) -> str:
    """The shortest text that identifies a number exactly; a dash for no finite number."""
    number = finite(value)
    if number is None:
        return DASH
    size = abs(number)
    digits = Decimal(repr(size))
    if size >= 1e21 or 0 < size < 1e-6:
        shift = digits.adjusted() % 3
        power = digits.adjusted() - shift
        return _signed(number, f"{_plain(digits.scaleb(-power, _EXACT))}e{power}")
    return _signed(number, _plain(digits))


def count(number: int) -> str:
    """A whole number as text; from five digits on with narrow spaces between the thousands.

    Use it for counts inside sentences. Do not use it for a figure that people may copy: there the
    page separates the thousands by style alone.
    """
    return f"{number:,}".replace(",", NARROW) if abs(number) >= 10_000 else str(number)


@lru_cache(4096)
def range_label(span: Span | None, *, limits: bool) -> str:
    """A range as text: ``0.0 ~ 200.0``, ``1e-9 ~ 10e-6``; a dash for no range.

    Args:
        span: the two ends.
        limits: whether a person has set the ends. Then they are written to a thousandth of the
            range; measured ends are written to a tenth of it.
    """
    if span is None:
        return DASH
    thousandth = places(span)
    decimals = thousandth if limits or span[0] == span[1] else max(1, thousandth - 2)
    return " ~ ".join(_end(value, decimals) for value in span)


_MAX: Final = math.ldexp(2 - 2**-52, 1023)


def _exponent(size: float) -> int:
    """The power of ten of the first digit."""
    return Decimal(repr(size)).adjusted()


def _signed(value: float, text: str) -> str:
    """``text`` of the absolute value, with a minus sign where needed; zero has no sign."""
    return f"-{text}" if value < 0 and text.strip("0.") else text


def _fixed(size: float, decimals: int) -> str:
    number = at_15_digits(size)
    integer_digits = max(1, number.adjusted() + 1)
    step = Decimal(1).scaleb(-min(decimals, DIGITS - integer_digits))
    return f"{number.quantize(step, context=_EXACT):f}"


def _engineering(size: float, decimals: int) -> str:
    """Engineering notation; a number below 1e15 has at least its units."""
    exponent = at_15_digits(size).adjusted()
    if exponent < LARGE:
        count = max(1, exponent + 1 + decimals)
    elif exponent < DIGITS:
        count = exponent + 1 + max(0, decimals)
    else:
        count = max(_FEW, exponent + 1 + decimals)
    digits, exponent = _rounded(size, min(count, DIGITS))
    shift = exponent % 3
    mantissa = digits.ljust(shift + 1, "0")
    tail = mantissa[shift + 1 :]
    return f"{mantissa[: shift + 1]}{'.' if tail else ''}{tail}e{exponent - shift}"


def _rounded(size: float, count: int) -> tuple[str, int]:
    """The first ``count`` digits of a number, rounded, and the power of ten of the first digit."""
    number = _CONTEXTS[count].create_decimal(at_15_digits(size))
    return "".join(map(str, number.as_tuple().digits)).ljust(count, "0"), number.adjusted()


def _trimmed(text: str) -> str:
    """``text`` without the zeros at the end of its decimals."""
    mantissa, mark, power = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}{mark}{power}"


def _plain(number: Decimal) -> str:
    return _trimmed(f"{number:f}")


def _end(value: float, decimals: int) -> str:
    text = _trimmed(figure(value, decimals))
    return text if "." in text or "e" in text or text == DASH else f"{text}.0"
