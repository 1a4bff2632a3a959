"""What SendGrid checks before it takes a mail: a table of fields, and its own shape of error.

Source: sendgrid-oai (tsg_mail_v3).
"""

from typing import Any

from gateway.sandbox.ask import Reply
from gateway.sandbox.forms import EMAIL, named
from gateway.sandbox.refusals import Declined
from gateway.sandbox.times import now

TOP = named(
    "personalizations from reply_to reply_to_list subject content attachments template_id headers categories "
    "custom_args send_at batch_id asm ip_pool_name mail_settings tracking_settings"
)
PERSONALIZATION = named("from to cc bcc subject headers substitutions dynamic_template_data custom_args send_at")
MOST_RECIPIENTS = 1000
MOST_CATEGORIES = 10
LATEST_SECONDS = 72 * 3600


class MailRefusal(Declined):
    """SendGrid says no: one message, and the field that it is about."""

    def __init__(self, message: str, field: str | None, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"errors": [{"message": message, "field": field, "help": None}]}

    def reply(self) -> Reply:
        return Reply(self.status, self.body)


def check_mail(mail: Any) -> dict[str, Any]:
    """The mail, when it may be sent. Raises MailRefusal."""
    if not isinstance(mail, dict):
        raise MailRefusal("Bad Request", None)
    _only(mail, TOP, "")
    _personalizations(mail)
    _address(mail.get("from"), "from")
    if "reply_to" in mail and "reply_to_list" in mail:
        raise MailRefusal("Only one of reply_to and reply_to_list may be given.", "reply_to")
    if "reply_to" in mail:
        _address(mail["reply_to"], "reply_to")
    _subject(mail)
    _content(mail)
    _texts(mail.get("custom_args", {}), "custom_args")
    _settings(mail)
    return mail


def recipients(mail: dict[str, Any]) -> list[str]:
    return [
        one["email"]
        for group in mail["personalizations"]
        for kind in ("to", "cc", "bcc")
        for one in group.get(kind, [])
    ]


def _only(given: dict[str, Any], known: frozenset[str], place: str) -> None:
    for name in given:
        if name not in known:
            raise MailRefusal(f"{name} is not a field of a mail.", f"{place}{name}")


def _personalizations(mail: dict[str, Any]) -> None:
    groups = mail.get("personalizations")
    if not isinstance(groups, list) or not 1 <= len(groups) <= MOST_RECIPIENTS:
        raise MailRefusal("The personalizations field is required and must hold 1 to 1000.", "personalizations")
    for place, group in enumerate(groups):
        prefix = f"personalizations.{place}."
        if not isinstance(group, dict):
            raise MailRefusal("A personalization must be an object.", prefix.rstrip("."))
        _only(group, PERSONALIZATION, prefix)
        if not isinstance(group.get("to"), list) or not group["to"]:
            raise MailRefusal("The to array is required for all personalization objects.", f"{prefix}to")
        for kind in ("to", "cc", "bcc"):
            for number, address in enumerate(group.get(kind, [])):
                _address(address, f"{prefix}{kind}.{number}")
        _texts(group.get("custom_args", {}), f"{prefix}custom_args")
    if len(recipients(mail)) > MOST_RECIPIENTS:
        raise MailRefusal("More than 1000 recipients.", "personalizations")


def _address(address: Any, place: str) -> None:
    if not isinstance(address, dict) or not isinstance(address.get("email"), str):
        raise MailRefusal("An address with an email is required.", f"{place}.email")
    if not EMAIL.fullmatch(address["email"]):
        raise MailRefusal("Does not contain a valid address.", f"{place}.email")


def _subject(mail: dict[str, Any]) -> None:
    if "template_id" in mail:
        return
    everywhere = all(group.get("subject") for group in mail["personalizations"])
    if not everywhere and not (isinstance(mail.get("subject"), str) and mail["subject"]):
        raise MailRefusal("The subject is required.", "subject")


def _content(mail: dict[str, Any]) -> None:
    if "template_id" in mail and "content" not in mail:
        return
    parts = mail.get("content")
    if not isinstance(parts, list) or not parts:
        raise MailRefusal("The content must hold at least one part.", "content")
    for place, part in enumerate(parts):
        for name in ("type", "value"):
            if not isinstance(part, dict) or not isinstance(part.get(name), str) or not part[name]:
                raise MailRefusal(f"The content {name} must be a text.", f"content.{place}.{name}")
    kinds = [part["type"] for part in parts]
    if "text/plain" in kinds and kinds[0] != "text/plain":
        raise MailRefusal("text/plain comes first.", "content.0.type")


def _texts(given: Any, place: str) -> None:
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise MailRefusal("Custom arguments must be texts.", place)


def _settings(mail: dict[str, Any]) -> None:
    categories = mail.get("categories", [])
    if (
        not isinstance(categories, list)
        or len(set(map(str, categories))) != len(categories)
        or len(categories) > MOST_CATEGORIES
    ):
        raise MailRefusal("At most ten categories, each once.", "categories")
    send_at = mail.get("send_at")
    if send_at is None:
        return
    if isinstance(send_at, bool) or not isinstance(send_at, int) or send_at > now().timestamp() + LATEST_SECONDS:
        raise MailRefusal("send_at is a unix time at most 72 hours ahead.", "send_at")
