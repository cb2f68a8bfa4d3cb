"""
The program with the zone data of before the newest laws: `python -m tests.e2e.zoned run`.
"""

import sys

from tests.core.older import older_package

VERSION = "2024.1"


def take_older_zone_data() -> None:
    """Have the package `tzdata` be an older one, by its files and by its version."""
    folder = older_package()
    described = folder / f"tzdata-{VERSION}.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tzdata\nVersion: {VERSION}\n")
    sys.path.insert(0, str(folder))
    # What was found of the other one meanwhile.
    for name in [name for name in sys.modules if name.partition(".")[0] in {"tzdata", "service"}]:
        del sys.modules[name]


if __name__ == "__main__":
    take_older_zone_data()
    from service.__main__ import main

    main()
