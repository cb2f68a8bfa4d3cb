"""
Secrets in what arrived, before it is kept.
"""

import re

# Also in a frame that is cut off or otherwise no JSON: the value may lack its end. The lengths are bounded,
# or a hostile frame would cost the square of its own.
_SECRET = re.compile(
    rb"""
    ( " (?: [\w-]{0,40} (?: token | credentials? | passw(?:or)?d | pwd | secret
                             | api[_-]?key | authorization ) [\w-]{0,40}
          | [\w-]{0,40} pin (?:_?code)? ) " \s* : \s* )
    ( " (?: [^"\\] | \\. )* "?           # text
    | \[ [^]]* \]? | \{ [^}]* \}?        # what is never sent, but might be
    | [^,}\]\s]+ )
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)

# In links, such as those to the management of a conference (`?k=`) and `trueconf:` (`&password=`).
_SECRET_IN_LINK = re.compile(
    rb"""
    ( (?: [?&] | \\u0026 )
      (?: k | key | api_?key | pin | pwd | passw(?:or)?d | secret | (?:access_)?token ) = )
    (?: [^&"\s\\] | \\. )+
    """,
    re.IGNORECASE | re.VERBOSE,
)


def without_secrets(frame: bytes) -> bytes:
    """Return a frame with the values of tokens, PINs and passwords replaced, also where links hold them."""
    return _SECRET_IN_LINK.sub(rb"\1***", _SECRET.sub(rb'\1"***"', frame))
