"""Each mutation still has its place: a guard that was moved takes its mutation along. mutants.py runs them."""

from pathlib import Path

import pytest

from tests.hostile.mutants import ROOT, mutated
from tests.hostile.mutations import MUTATIONS
from tests.hostile.test_checklist import names_of_tests


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_applies_and_names_tests_that_are_there(name: str) -> None:
    mutation = MUTATIONS[name]
    text = Path(ROOT / mutation.path).read_text("utf-8")
    compile(mutated(text, mutation), mutation.path, "exec")
    for test in mutation.tests:
        path, _, named = test.partition("::")
        assert (ROOT / path).is_file(), test
        assert not named or named.partition("[")[0] in names_of_tests(ROOT / path), test
