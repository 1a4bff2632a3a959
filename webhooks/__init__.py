"""What Twilio and SendGrid post to us: verified, parsed, handed to the gateway's one door."""
