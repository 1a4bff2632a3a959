"""The sandbox's own endpoints, under `/_sandbox`: looking at what came, playing a person, setting faults."""
