"""Where the project lies."""

from infra.project import ROOT, shown


def test_paths_inside_the_project_are_shown_relative_to_it() -> None:
    """A path in the project is the same text on every machine; one outside stays absolute."""
    assert shown(ROOT / ".artifacts" / "x") == ".artifacts/x"
    assert shown(ROOT.parent / "elsewhere") == str(ROOT.parent / "elsewhere")
