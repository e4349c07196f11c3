"""Public references such as LN-7K3F9Q2M: what a person reads out and what an address carries, never an integer id."""

import secrets

from django.utils.crypto import salted_hmac

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U, so nothing is misread or spells a word
LENGTH = 8


def make(prefix: str) -> str:
    """A new random reference, 40 bits after the prefix; the unique column catches the rare twin."""
    number = secrets.randbits(5 * LENGTH)
    return f"{prefix}-{''.join(ALPHABET[number >> shift & 31] for shift in range(0, 5 * LENGTH, 5))}"


def derived(prefix: str, fact: str) -> str:
    """The same reference for the same fact each time, and no way back: for what may have gone out before its row was kept."""
    number = int.from_bytes(salted_hmac("core.references", fact, algorithm="sha256").digest())
    return f"{prefix}-{''.join(ALPHABET[number >> 5 * place & 31] for place in range(LENGTH))}"


def normalize(text: str) -> str:
    """What someone read over the telephone, as we store it: upper case, O is 0, I and L are 1."""
    prefix, dash, code = text.strip().upper().partition("-")
    return prefix + dash + code.translate(str.maketrans("OIL", "011"))
