"""The only code that touches Twilio, SendGrid, Redis, RQ and the clock."""
