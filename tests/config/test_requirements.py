"""What the product imports when it runs is what the product's own lock installs; development's packages are for tests."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions

from django.conf import settings

from tests.config.test_architecture import LEVELS, SOURCES


def _imported(tree: ast.AST) -> Iterator[str]:
    """Top-level names imported at run time; what only the type checker reads is left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]
        yield from _imported(node)


def test_the_product_runs_on_its_own_requirements() -> None:
    lock = (settings.BASE_DIR / "requirements" / "product.txt").read_text()
    locked = {name.replace("_", "-").lower() for name in re.findall(r"^([\w.-]+)==", lock, re.M)}
    found = {name for path in SOURCES for name in _imported(ast.parse(path.read_text()))} - set(sys.stdlib_module_names) - set(LEVELS)
    known = packages_distributions()
    missing = {name for name in found if not {dist.replace("_", "-").lower() for dist in known.get(name, [])} & locked}
    assert not missing
