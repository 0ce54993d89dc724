"""`yizhan docs`: writes the guides of docs/ and the element templates of bpmn/_templates/ from the program's tables."""

from __future__ import annotations

from pathlib import Path

import click


def made() -> dict[str, str]:
    """Every file that is made: path from the top of the project -> text."""
    from engine.commands import gate
    from engine.feel import guide as feel_guide
    from engine.matters import services
    from engine.process.language import guide, templates
    from web import settings

    content = settings.content()
    found = {
        "docs/dialect.md": guide.text(),
        "docs/feel.md": feel_guide.text(),
        "docs/reference.md": gate.reference(),
        "docs/services.md": services.text(content),
    }
    for name, template in templates.all_templates().items():
        found[f"bpmn/_templates/{name}"] = templates.text_of(template)
    return found


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="项目目录 · top of the project",
)
def command(root: Path) -> None:
    """重写 docs/ 里的指南和 bpmn/_templates/ 里的元素模板。

    Writes the guides and element templates anew from the program's own tables.
    """
    for path, text in made().items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            click.echo(path)
