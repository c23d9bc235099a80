"""How are the OpenAPI and AsyncAPI documents written?"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def docs() -> None:
    """The OpenAPI and AsyncAPI documents."""


@app.command("write")
def write(folder: Annotated[Path, typer.Argument(help="Where to write them.")] = Path("docs")) -> None:
    """Write openapi.json and asyncapi.json."""
    from services.web import documents
    from services.web.app import doors

    folder.mkdir(parents=True, exist_ok=True)
    for name, document in (("openapi", doors().openapi()), ("asyncapi", documents.asyncapi())):
        path = folder / f"{name}.json"
        path.write_text(_text(document))
        typer.echo(f"✓ {path}")


def _text(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
