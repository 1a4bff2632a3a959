"""SIDs of new resources: a prefix and 32 hexadecimal digits."""

import secrets


def new_sid(prefix: str) -> str:
    """Random whatever the seed is: a restarted sandbox must not repeat what a gateway has seen."""
    return prefix + secrets.token_hex(16)
