"""
What the schema of CycloneDX says of a list of components.
"""


def find_fault(text: str) -> object:
    """Return what is wrong with a list, None if nothing is."""
    # Here, for it builds grammars when it is imported: seconds, which each worker that collects would take.
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415

    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
