"""The door of the API: who comes in, for which party, how often; and what a person may read about themselves."""
