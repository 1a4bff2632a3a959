"""`gateway rekey`: another hash key or data key for all that is stored, while no other process runs."""

from __future__ import annotations

import click

from gateway.settings import Settings
from gateway.wiring.rekey import Rekeying
from gateway.wiring.rekey import rekey as change_keys

NEW = {"GATEWAY_HASH_KEY": "GATEWAY_NEW_HASH_KEY", "GATEWAY_DATA_KEY": "GATEWAY_NEW_DATA_KEY"}


@click.command(short_help="Change the hash key or data key of the store.")
@click.option("--force", is_flag=True, help="Also while processes are connected: they are cut off.")
@click.option("--forget-factors", is_flag=True, help="With a new hash key, everybody with TOTP enrols again.")
def rekey(force: bool, forget_factors: bool) -> None:
    """Change keys: the old ones as ever, the new ones in GATEWAY_NEW_HASH_KEY and GATEWAY_NEW_DATA_KEY.

    Stop every web and worker process first; none starts before it is done. Cut off, it is simply run again. With a
    new hash key, what is kept as a hash alone is forgotten: idempotency keys of the last 24 hours (a repeated request
    is sent again), caps of the last hour, cached lookups, and what was learned of numbers that no stored intent names.
    A distributed batch that is under way is moved; its command goes on with it when it is run again.
    """
    settings = Settings.load()
    done = change_keys(
        settings, force=force, forget_factors=forget_factors, tell=lambda what: click.echo(f"{what} …", err=True)
    )
    for what, count in sorted(done.counts.items()):
        if count:
            click.echo(f"{count:>10} {what}")
    click.echo(_ending(settings, done), err=True)


def _ending(settings: Settings, done: Rekeying) -> str:
    words = ["The store is under the new keys" + (" already." if done.done_before else ".")]
    if done.cache_away:
        words.append("The lookup cache was away: what is in it is not found any more, and expires.")
    if done.kept:
        words.append(f"They are in {settings.data_dir} now.")
    own = settings.secrets
    given = {
        "GATEWAY_HASH_KEY": own.hash_key and own.new_hash_key,
        "GATEWAY_DATA_KEY": own.data_key and own.new_data_key,
    }
    words += [f"Give {NEW[variable]} to every process as {variable}." for variable, both in given.items() if both]
    return " ".join(words)
