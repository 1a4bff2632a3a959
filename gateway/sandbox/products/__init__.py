"""One module, or a few of one name, for each Twilio product that the sandbox speaks."""
