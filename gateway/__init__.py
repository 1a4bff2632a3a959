"""A pre-send router for Twilio: normalize, enrich, decide, act."""
