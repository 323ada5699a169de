"""Lists as CSV files that a spreadsheet opens without running what customers typed (R910)."""

import csv
import io
import re
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse

from staff.audit import log_action
from staff.models import ActionType

# What spreadsheets take for the start of a formula, also in the wide form of East Asian keyboards.
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 (the wide ones)
NUMBER = re.compile(r"-?\$?-?\d[\d,]*(\.\d+)?%?")
# Excel takes a file without it for an old encoding.
UTF8_MARK = "\ufeff"
# What is written down of the address of a file: so many filters, each so long.
MOST_FILTERS, LONGEST_FILTER = 30, 200


def csv_response(
    request: HttpRequest,
    filename: str,
    header: Iterable[str],
    rows: Iterable[Iterable[object]],
    *,
    text: str,
) -> HttpResponse:
    """A CSV file to download; ``text`` says what it holds in the audit ("Payments")."""
    file = io.StringIO()
    file.write(UTF8_MARK)
    writer = csv.writer(file)
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow([inert(cell) for cell in row])
        count += 1
    log_action(
        request,
        ActionType.EXPORT_DATA,
        f"Exported {text}",
        after={"file": filename, "rows": count, "filters": _filters(request)},
    )
    response = HttpResponse(file.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def _filters(request: HttpRequest) -> dict[str, str]:
    """What the address asks for, as the audit can keep it: no NUL, no novels."""
    asked = list(request.GET.items())[:MOST_FILTERS]
    return {_kept(name): _kept(str(value)) for name, value in asked}


def _kept(text: str) -> str:
    return text.replace("\0", "")[:LONGEST_FILTER]


def dollars(cents: int) -> str:
    """An amount as spreadsheets add it up: -150 is "-1.50"."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def inert(cell: object) -> object:
    """The cell, with a ' before any text that a spreadsheet would run; None is an empty cell."""
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return cell
    # Spreadsheets look past leading blanks.
    if cell.lstrip(" ").startswith(FORMULA_STARTS) and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
