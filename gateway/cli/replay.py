"""`gateway replay`: what a policy would have decided of the intents that were accepted. It only reads."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import click

from gateway.batch.replaying import Replay, Wanted, replayed
from gateway.cli.policy import EXISTING, move_documents, move_lines, prices_of
from gateway.model import Policy, masked

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
LONGEST = timedelta(days=3650)


def ago(ctx: click.Context, param: click.Parameter, value: str) -> timedelta:
    """Of `90m`, `12h` or `7d`."""
    found = re.fullmatch(r"(\d{1,7})([mhd])", value)
    if found is None:
        raise click.BadParameter(f"{value} is not a time such as 90m, 12h or 7d", ctx, param)
    return min(int(found[1]) * UNITS[found[2]], LONGEST)


@click.command()
@click.option("--policy", "file", type=EXISTING, help="Another configuration than the one in force.")
@click.option(
    "--since", callback=ago, default="7d", show_default=True, help="Accepted so long ago at most: 90m, 12h, 7d."
)
@click.option("--purpose", help="Intents of one purpose alone.")
@click.option("--app", help="Intents of one application alone.")
@click.option("--tests", is_flag=True, help="Those of test keys too.")
@click.option("--limit", type=click.IntRange(1), help="The newest so many.")
@click.option("--price", multiple=True, metavar="CHANNEL=USD", help="Another price of one attempt, such as sms=0.0079.")
@click.option("--list", "listed", is_flag=True, help="Name each intent that would be decided otherwise, masked.")
@click.option("--json", "as_json", is_flag=True)
def replay(
    file: Path | None,
    since: timedelta,
    purpose: str | None,
    app: str | None,
    tests: bool,
    limit: int | None,
    price: tuple[str, ...],
    listed: bool,
    as_json: bool,
) -> None:
    """Decide past intents again, with the facts of then. Nothing is looked up, sent or written."""
    from gateway.adapters.store.past import PastIntents
    from gateway.wiring import current

    gateway = current()
    policy = _policy(file) or gateway.policy
    past = PastIntents(gateway.client, gateway.intents).since(gateway.clock.now() - since, app)
    found = replayed(Wanted(purpose, tests, limit).of(past), policy, prices_of(price))
    click.echo(_document(found, listed) if as_json else _lines(found, listed))


def _policy(file: Path | None) -> Policy | None:
    from gateway.settings import Settings

    return None if file is None else Settings.load(file).policy


def _document(found: Replay, listed: bool) -> str:
    difference = found.difference
    told = {
        "read": found.read,
        "same": found.same,
        "otherwise": difference.moved,
        "cut": found.cut,
        "undecided": found.undecided,
        "usd": f"{difference.usd:f}",
        "moves": move_documents(difference),
    }
    if listed:
        told["intents"] = [
            {"id": each.intent.id, "to": masked(each.intent.to.number), "from": each.before, "to_route": each.after}
            for each in found.turned
        ]
        told["unlisted"] = difference.moved - len(found.turned)
    return json.dumps(told, ensure_ascii=False)


def _lines(found: Replay, listed: bool) -> str:
    difference = found.difference
    lines = [
        f"{found.read:,} intents read: {found.same:,} decided the same, {difference.moved:,} otherwise, "
        f"{found.cut:,} cut to a summary, {found.undecided:,} never decided",
        *move_lines(difference),
    ]
    if listed:
        lines += [
            f"{each.intent.id}  {masked(each.intent.to.number)}  {each.before} → {each.after}" for each in found.turned
        ]
        if unlisted := difference.moved - len(found.turned):
            lines.append(f"and {unlisted:,} more")
    return "\n".join(lines)
