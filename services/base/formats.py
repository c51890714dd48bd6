"""Numbers, units, dates and plurals as a language writes them, for pages and messages.

What machines read (CSV, JSON, metrics, the journal) is never written by this module;
``assets/wording.js`` does the same in the browser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Final, Literal

from babel import Locale
from babel.dates import (
    format_date,
    format_datetime,
    format_skeleton,
    format_time,
    format_timedelta,
    get_day_names,
)
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

Unit = Literal["ms", "s", "min", "h", "day", "MB"]

_CLDR: Final[Mapping[Unit, str]] = {
    "ms": "duration-millisecond",
    "s": "duration-second",
    "min": "duration-minute",
    "h": "duration-hour",
    "day": "duration-day",
    "MB": "digital-megabyte",
}
_WEEK: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400
_MS_PER_S: Final = 1_000
# Longer ago is nothing that is told here, and a time that no calendar has is no failure.
_CENTURY_S: Final = 36_525 * _DAY_S
# Up to here people count in hours.
_TWO_DAYS_S: Final = 2 * _DAY_S
_BYTES_PER_MEGABYTE: Final = 1_048_576
_WHOLE: Final = "#,##0"
# All the decimals that there are, once no more than three figures are left.
_AS_IT_IS: Final = f"{_WHOLE}.########"
_THOUSAND: Final = 1_000
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
# Before these signs, inside quotation marks, between the digits of a number or before a unit, and
# around the h of an hour, whose figures a text may leave open: "8 h 15", "{hour} h {minute}".
_FRENCH_SPACES: Final = re.compile(
    r" (?=[:;!?»%](?!\S*\w))|(?<=«) |(?<=\d) (?=\d{3}\b)"
    r"|(?<=[\d}]) (?=(?:km|min|Mo|h)\b)|(?<=[\d}] h) (?=[\d{])"
)


@cache
def formats_of(locale: str) -> Formats:
    """The formats of a locale, such as ``fr`` or ``en-GB``.

    Raises
    ------
    babel.UnknownLocaleError, ValueError
        When there is no such locale.
    """
    return Formats(Locale.parse(locale, sep="-"))


def plural(noun: str, count: int) -> str:
    """A regular English noun beside a number, for the terminal, which speaks English alone.

    >>> [f"{count} {plural('day', count)}" for count in (0, 1, 2)]
    ['0 days', '1 day', '2 days']
    """
    return noun if count == 1 else f"{noun}s"


def typeset(text: str, language: str) -> str:
    r"""A text as its language is set: French keeps the spaces before its signs unbroken.

    >>> typeset("Prévu : « dense » ; 2 000 segments, 30 % ?", "fr").split(" ")
    ['Prévu\xa0:', '«\xa0dense\xa0»\xa0;', '2\xa0000', 'segments,', '30\xa0%\xa0?']
    >>> typeset("De 6 h à 7 h 45 : {number} min", "fr").split(" ")
    ['De', '6\xa0h', 'à', '7\xa0h\xa045\xa0:', '{number}\xa0min']
    >>> typeset("Forecast: 30%", "en")
    'Forecast: 30%'
    """
    return _FRENCH_SPACES.sub(_NO_BREAK, text) if language == "fr" else text


class Formats:
    """How a language writes numbers, units, dates and plurals; times are as they are given.

    Spaces between a number and its unit do not break, as French typography wants.
    """

    def __init__(self, locale: Locale) -> None:
        self._locale = locale
        self._percent_sign = locale.percent_formats[None].pattern.removeprefix(_WHOLE)

    def number(self, value: float, digits: int = 0) -> str:
        r"""A number with so many decimals.

        >>> [formats_of(locale).number(2_859.51, 1) for locale in ("fr", "en-GB")]
        ['2\u202f859,5', '2,859.5']
        """
        return format_decimal(value, _fixed(digits), locale=self._locale)

    def significant(self, value: float) -> str:
        r"""A number with the three figures that matter, all of them from a thousand on.

        >>> [formats_of("fr").significant(value) for value in (2.25, 21.0, 0.01234, 1_234.5)]
        ['2,25', '21', '0,0123', '1\u202f234']
        """
        return format_decimal(_three_figures(value), _AS_IT_IS, locale=self._locale)

    def percent(self, share: float, digits: int | None = 0) -> str:
        r"""A share from 0 to 1 in percent, with so many decimals; None for three figures.

        >>> [formats_of(locale).percent(0.0126, 1) for locale in ("fr", "en-GB")]
        ['1,3\xa0%', '1.3%']
        >>> [formats_of("fr").percent(share, None) for share in (0.5, 0.00042)]
        ['50\xa0%', '0,042\xa0%']
        """
        pattern = _AS_IT_IS if digits is None else _fixed(digits)
        shown = _three_figures(share) if digits is None else share
        return _percent(shown, pattern + self._percent_sign, self._locale)

    def quantity(self, value: float, unit: Unit, *, is_long: bool = False) -> str:
        r"""A number of up to three figures with its unit, or with its name in full.

        >>> [formats_of("fr").quantity(value, "s") for value in (1.5, 12.0)]
        ['1,5\u202fs', '12\u202fs']
        >>> [formats_of("en-GB").quantity(value, "day", is_long=True) for value in (1, 30)]
        ['1 day', '30 days']
        """
        written = format_unit(
            _three_figures(value),
            _CLDR[unit],
            length="long" if is_long else "short",
            format=_AS_IT_IS,
            locale=self._locale,
        )
        return written if is_long else written.replace(" ", _NO_BREAK)

    def duration(self, seconds: float) -> str:
        r"""A duration in the two units that matter.

        >>> written = [formats_of("fr").duration(s) for s in (0.2504, 1.5, 59.97, 119.7, 3_899.9)]
        >>> [text.replace("\u202f", " ").replace("\xa0", " ") for text in written]
        ['250 ms', '1,5 s', '1 min', '2 min', '1 h 5 min']
        """
        if round(_MS_PER_S * seconds) < _MS_PER_S:
            return self.quantity(_MS_PER_S * seconds, "ms")
        if round(seconds, 1) < _MINUTE_S:
            return self.quantity(seconds, "s")
        if round(seconds) < _HOUR_S:
            return self._two(round(seconds), ("min", _MINUTE_S), ("s", 1))
        minutes = round(seconds / _MINUTE_S) * _MINUTE_S
        if minutes < _TWO_DAYS_S:
            return self._two(minutes, ("h", _HOUR_S), ("min", _MINUTE_S))
        return self._two(round(seconds / _HOUR_S) * _HOUR_S, ("day", _DAY_S), ("h", _HOUR_S))

    def megabytes(self, count: float) -> str:
        r"""So many bytes in megabytes of 2²⁰.

        >>> formats_of("fr").megabytes(734_003_200)
        '700\u202fMo'
        """
        return self.quantity(count / _BYTES_PER_MEGABYTE, "MB")

    def ago(self, seconds: float) -> str:
        """How long ago something was, in the one unit that matters.

        >>> [formats_of("fr").ago(seconds) for seconds in (12, 71_193_600, 1e300)]
        ['il y a 12 secondes', 'il y a 2 ans', 'il y a 100 ans']
        """
        # Nothing is said to lie ahead.
        past = -timedelta(seconds=min(max(seconds, 1.0), _CENTURY_S))
        return format_timedelta(past, add_direction=True, locale=self._locale)

    def moment(self, at: datetime) -> str:
        """An aware time, in its own zone, with its date, its year and its seconds.

        >>> from datetime import UTC
        >>> formats_of("fr").moment(datetime(2024, 8, 26, 12, 43, 7, tzinfo=UTC))
        '26 août 2024, 12:43:07'
        """
        return format_datetime(at, locale=self._locale)

    def clock(self, at: datetime, *, with_seconds: bool = False) -> str:
        """The time of day of an aware time, in its own zone.

        >>> from datetime import UTC
        >>> formats_of("en-GB").clock(datetime(2024, 8, 26, 12, 43, 7, tzinfo=UTC))
        '12:43'
        """
        length: Literal["medium", "short"] = "medium" if with_seconds else "short"
        return format_time(at, length, locale=self._locale)

    def day(self, day: date) -> str:
        """A date in figures, with its year.

        >>> formats_of("fr").day(date(2026, 3, 1))
        '01/03/2026'
        """
        return format_date(day, "short", locale=self._locale)

    def short_day(self, day: date) -> str:
        """A date of which the year is plain, with its month in short.

        >>> [formats_of(locale).short_day(date(2026, 11, 2)) for locale in ("fr", "en-GB")]
        ['2 nov.', '2 Nov']
        """
        return format_skeleton("MMMd", day, locale=self._locale)

    def long_day(self, day: date, first: str) -> str:
        """A date of these days, by its day of the week, without its year.

        Parameters
        ----------
        first : str
            The first of a month, as the language has it.

        >>> [formats_of(locale).long_day(date(2026, 11, 30), "") for locale in ("fr", "en-GB")]
        ['lundi 30 novembre', 'Monday 30 November']
        >>> formats_of("fr").long_day(date(2026, 12, 1), "1er")
        'mardi 1er décembre'
        """
        written = f"'{first}'" if day.day == 1 else "d"
        return format_date(day, f"EEEE {written} MMMM", locale=self._locale)

    def month(self, day: date) -> str:
        """The month that a day is in, with its year.

        >>> [formats_of(locale).month(date(2026, 11, 2)) for locale in ("fr", "en-GB")]
        ['novembre 2026', 'November 2026']
        """
        return format_skeleton("yMMMM", day, locale=self._locale)

    def weekday(self, name: str) -> str:
        """A day of the week by its English name, as the API has it.

        >>> [formats_of(locale).weekday("monday") for locale in ("fr", "en-GB")]
        ['lundi', 'Monday']
        """
        return str(get_day_names(locale=self._locale)[_WEEK.index(name)])

    def counted(self, forms: Mapping[str, str], count: int) -> str:
        """A text that changes with a number, by the plural categories of Unicode's CLDR.

        >>> formats_of("en-GB").counted({"one": "{count} line", "other": "{count} lines"}, 1)
        '1 line'
        """
        form = forms.get(self._locale.plural_form(count), forms["other"])
        return form.format(count=self.number(count))

    def _two(self, seconds: int, whole: tuple[Unit, int], rest: tuple[Unit, int]) -> str:
        values = {whole[0]: seconds // whole[1], rest[0]: seconds % whole[1] // rest[1]}
        return _NO_BREAK.join(self.quantity(n, unit) for unit, n in values.items() if n)


# A choice of an hour writes 28 of them, mostly the same.
@lru_cache(maxsize=1_024)
def _percent(share: float, pattern: str, locale: Locale) -> str:
    return format_percent(share, pattern, locale=locale)


def _fixed(digits: int) -> str:
    return f"{_WHOLE}.{'0' * digits}" if digits else _WHOLE


def _three_figures(value: float) -> float:
    return float(f"{value:.3g}") if abs(value) < _THOUSAND else round(value)
