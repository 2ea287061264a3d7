"""The independent checker of the kill loop. It shares no code with the services: its own SQL, its own hash chain, its own
calendar, its own sums. Only the contract's .proto files are common, because events are written in them."""
