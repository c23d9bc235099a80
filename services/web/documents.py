"""Which facts does Relais say, and how do they look? The AsyncAPI document, and a page to read it."""

from html import escape
from typing import Any

import schemas.house
import schemas.message
import schemas.request
import schemas.scarcity
import schemas.slot  # noqa: F401 - defining the facts fills the register
from schemas.event import FACTS, Event

VERSION = "0.1.0"


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document of every fact, made from the register. Depends on the code alone."""
    channels, operations, messages, shared = {}, {}, {}, {}
    for subject, fact in sorted(FACTS.items()):
        name = fact.__name__
        payload = fact.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
        shared.update(payload.pop("$defs", {}))
        channels[name] = {
            "address": f"care.{{territory}}.{subject}",
            "description": _first_line(fact),
            "parameters": {"territory": {"description": "The identifier of one CPTS, such as tarn-ouest."}},
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        }
        messages[name] = {
            "name": subject,
            "title": name,
            "summary": _first_line(fact),
            "contentType": "application/json",
            "headers": {
                "type": "object",
                "properties": {"Nats-Msg-Id": {"type": "string", "description": "The fact's id."}},
            },
            "payload": payload,
        }
        operations[f"say{name}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": _first_line(fact),
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Relais",
            "version": VERSION,
            "description": "The facts that pass on NATS JetStream: versioned, personal data sealed.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": dict(sorted(shared.items()))},
    }


def asyncapi_page() -> str:
    """The facts as one page of HTML that needs neither script nor style of its own."""
    rows = "".join(
        f"<tr><th scope='row'><code>care.*.{escape(subject)}</code></th><td>{escape(fact.__name__)}</td>"
        f"<td>{escape(_first_line(fact))}</td><td>{_fields(fact)}</td></tr>"
        for subject, fact in sorted(FACTS.items())
    )
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Relais: facts</title>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'></head><body><main>"
        "<h1>The facts of Relais</h1><p>What the rooms tell each other on NATS JetStream. "
        "As a document: <a href='/docs/asyncapi.json'>asyncapi.json</a>; "
        "what can be asked over HTTP: <a href='/docs/openapi.json'>openapi.json</a>.</p>"
        "<table><caption>Each fact, its class, what it says, its fields</caption><thead><tr>"
        "<th scope='col'>Subject</th><th scope='col'>Class</th><th scope='col'>Says</th>"
        f"<th scope='col'>Fields</th></tr></thead><tbody>{rows}</tbody></table></main></body></html>"
    )


def _fields(fact: type[Event]) -> str:
    own = [name for name in fact.model_fields if name not in Event.model_fields]
    return ", ".join(f"<code>{escape(name)}</code>" for name in own)


def _first_line(fact: type[Event]) -> str:
    return (fact.__doc__ or "").strip().splitlines()[0]
