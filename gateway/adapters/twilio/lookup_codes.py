"""What Lookup's error codes mean to a lookup. Source: Twilio's error dictionary, 606xx and what Verify shares."""

from __future__ import annotations

# The package has nothing to say of this number: its type stays unknown, and the number may be fine.
PACKAGE = frozenset(
    {
        60003,  # end user's data unavailable
        60006,  # invalid for the provider behind
        60600,  # not provisioned, or out of coverage
        60601,  # Canada needs an authorization
        60606,  # package not enabled on the account
        60607,  # country not supported by the package
        60608,  # the provider behind failed
        60610,  # out of coverage
        60612,  # not a mobile number
        60613,  # the provider behind is degraded
        60614,  # wrong region for this number
        60619,  # cannot be done in this region
        60620,  # sim-swap information incomplete
        60621,  # carrier information incomplete
    }
)

# Too much for now: nothing is known of the number.
THROTTLED = frozenset(
    {
        20429,  # too many concurrent requests
        60611,  # quota used up
        60616,  # rate of the package
        60624,  # rate of a trial account
    }
)

# No lookup will be answered until somebody has done something.
UNAVAILABLE = frozenset(
    {
        20003,  # credentials
        20005,  # account not active
        20403,  # account suspended
        60699,  # Lookup disabled on the account
    }
)

# Ours or the account's to put right, whether the answer came as an error or inside a package.
ALERTING = frozenset({60601, 60606, 60611, 60614, 60617, 60618, 60619}) | UNAVAILABLE
