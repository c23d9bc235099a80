"""What do these tests share? The communes, read once."""

import pytest

from services.reference.communes import Communes, load_communes


@pytest.fixture(scope="session")
def communes() -> Communes:
    return load_communes()
