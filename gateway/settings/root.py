"""The settings as a whole: loads the layers, validates them, and builds what the rest of the gateway takes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from gateway.channels.shape import Flow, Sender
from gateway.model import Policy
from gateway.settings import environment, sections
from gateway.settings.account import Email, Secrets, Twilio
from gateway.settings.document import Document
from gateway.settings.doubts import doubts
from gateway.settings.faults import Faults
from gateway.settings.files import Layers, read_layers
from gateway.settings.opening import Vault, named_variables
from gateway.settings.policy import built_policy, check_whole
from gateway.settings.senders import DEFAULT, Pace, built_flows, built_paces, built_senders


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything configurable, once. `redis_url` None: the embedded store. `warnings`: allowed, probably not meant."""

    twilio: Twilio
    email: Email
    secrets: Secrets
    policy: Policy
    senders: tuple[Sender, ...]
    flows: Mapping[str, Flow]
    paces: Mapping[str, Pace]
    server: sections.ServerSection
    log: sections.LogSection
    lookup: sections.LookupSection
    cache: sections.CacheSection
    suppression: sections.SuppressionSection
    voice: sections.VoiceSection
    verify: sections.VerifySection
    proof: sections.ProofSection
    limits: sections.LimitsSection
    dispatch: sections.DispatchSection
    store: sections.StoreSection
    retention: sections.RetentionSection
    events: sections.EventsSection
    sandbox: sections.SandboxSection
    breaker: sections.BreakerSection
    budget: sections.BudgetSection
    prices: sections.PricesSection
    file: Path | None = field(default=None)
    warnings: tuple[str, ...] = ()

    @classmethod
    def load(cls, config: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
        """Defaults, then the file, then the environment. Raises Misconfigured, which names every fault at once."""
        variables = os.environ if environ is None else environ
        faults = Faults()
        layers = read_layers(config, variables, environment.overlay(variables))
        named = named_variables(layers.merged)
        for variable, detail in environment.misspelt(variables, named):
            faults.add(variable, detail)
        document = _validated(layers, faults)
        check_whole(document, faults)
        vault = Vault(variables, faults)
        twilio, email, secrets = vault.twilio(document), vault.email(document), vault.own()
        if faults:
            raise faults.all()
        return _assembled(document, layers, twilio, email, secrets, (*environment.doubts(variables, named),))

    @property
    def redis_url(self) -> str | None:
        return self.store.redis_url or None

    @property
    def embedded(self) -> bool:
        return self.redis_url is None

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def public_base_url(self) -> str:
        return self.server.public_base_url or f"http://127.0.0.1:{self.port}"

    @property
    def data_dir(self) -> Path:
        return Path(self.server.data_dir).expanduser().absolute()

    @property
    def tokens(self) -> tuple[str, ...]:
        return self.twilio.tokens

    def sender(self, name: str = DEFAULT) -> Sender:
        """Raises KeyError for a name that no [senders.<name>] has."""
        return {sender.name: sender for sender in self.senders}[name]


def _validated(layers: Layers, faults: Faults) -> Document:
    """The types are judged as JSON's, so that lists and numbers are strict; a TOML date can only be a wrong value."""
    try:
        return Document.model_validate_json(json.dumps(layers.merged, default=str))
    except ValidationError as error:
        faults.add_invalid(error, layers.origin)
    raise faults.all()  # outside the clause: the original error repeats what was written, secrets included


def _assembled(
    document: Document, layers: Layers, twilio: Twilio, email: Email, secrets: Secrets, warnings: tuple[str, ...]
) -> Settings:
    flows = built_flows(document)
    return Settings(
        twilio=twilio,
        email=email,
        secrets=secrets,
        policy=built_policy(document, email_sender=email.sends),
        senders=built_senders(document, flows),
        flows=flows,
        paces=built_paces(document),
        server=document.server,
        log=document.log,
        lookup=document.lookup,
        cache=document.cache,
        suppression=document.suppression,
        voice=document.voice,
        verify=document.verify,
        proof=document.proof,
        limits=document.limits,
        dispatch=document.dispatch,
        store=document.store,
        retention=document.retention,
        events=document.events,
        sandbox=document.sandbox,
        breaker=document.breaker,
        budget=document.budget,
        prices=document.prices,
        file=layers.file,
        warnings=(*warnings, *doubts(document, twilio)),
    )
