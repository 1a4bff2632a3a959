"""The whole file as one closed tree, and the names of every key in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from gateway.settings import sections as part
from gateway.settings.purposes import PurposeSection
from gateway.settings.values import Name

ANY_NAME = "<name>"

Tree = Mapping[str, "Tree | None"]


class Document(part.Section):
    server: part.ServerSection
    log: part.LogSection
    twilio: part.TwilioSection
    sendgrid: part.SendgridSection
    lookup: part.LookupSection
    cache: part.CacheSection
    policy: part.PolicySection
    purposes: dict[Name, PurposeSection]
    senders: dict[Name, part.SenderSection]
    studio: part.StudioSection
    suppression: part.SuppressionSection
    voice: part.VoiceSection
    verify: part.VerifySection
    proof: part.ProofSection
    limits: part.LimitsSection
    dispatch: part.DispatchSection
    store: part.StoreSection
    retention: part.RetentionSection
    events: part.EventsSection
    sandbox: part.SandboxSection
    breaker: part.BreakerSection
    budget: part.BudgetSection
    prices: part.PricesSection


@cache
def tree() -> Tree:
    """Every accepted key, nested; `<name>` stands where the owner chooses the name."""
    return _keys(Document)


def names(branch: Tree | None = None, prefix: str = "") -> Iterator[str]:
    """Every accepted key, dotted."""
    for key, below in (tree() if branch is None else branch).items():
        if below is None:
            yield prefix + key
        else:
            yield from names(below, f"{prefix}{key}.")


def keys_beside(path: tuple[str, ...]) -> tuple[str, ...]:
    """The accepted keys of the table in which the last part of this path stands."""
    branch: Tree | None = tree()
    for part_of_path in path[:-1]:
        branch = (branch or {}).get(part_of_path, (branch or {}).get(ANY_NAME))
    return tuple(branch or ())


def _keys(model: type[BaseModel]) -> Tree:
    return {field.alias or name: _below(field.annotation) for name, field in model.model_fields.items()}


def _below(annotation: Any) -> Tree | None:
    bare = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if get_origin(bare) is dict:
        return {ANY_NAME: _below(get_args(bare)[1])}
    return _keys(bare) if isinstance(bare, type) and issubclass(bare, BaseModel) else None
