"""Reading Twilio's resources: their properties as a plain mapping, and lists newest first within a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from gateway.errors import ProviderSilent

PAGE_SIZE = 100
MAX_PAGES = 5


def properties(resource: Any) -> dict[str, Any]:
    """What an SDK resource says, by the SDK's names (`from_`); dates are aware, absent values None."""
    return {name: value for name, value in vars(resource).items() if not name.startswith("_")}


def rows(first: Any, max_pages: int = MAX_PAGES, reached: Callable[[Any], bool] | None = None) -> Iterator[Any]:
    """The rows of a list, page after page, until a page's last row has `reached` the end of what is wanted.

    Whole pages are read because Twilio promises no order among rows of nearly the same age.
    Raises ProviderSilent when the bound is hit first: what was not read cannot be called absent.
    """
    page = first
    for number in range(1, max_pages + 1):
        row = None
        for row in page:  # the last one is looked at below
            yield row
        if (row is not None and reached is not None and reached(row)) or not page.next_page_url:
            return
        if number < max_pages:
            page = page.next_page()
    raise ProviderSilent(f"the list did not end within {max_pages} pages", sent=True)


def older_than(moment: datetime) -> Callable[[Any], bool]:
    """Whether a row was created before `moment`; never for a row that does not say when."""

    def older(row: Any) -> bool:
        created = row.date_created
        return isinstance(created, datetime) and _aware(created) < moment

    return older


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
