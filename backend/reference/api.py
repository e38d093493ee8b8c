"""The page of the HTTP interface, from its OpenAPI document."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.api.application import create_app
from app.core.settings import Settings
from reference.kinds import kind_of
from reference.markdown import NOTE, code, one_line, table

_INTRO = """\
# API

A running a6hub shows the same at `/docs`, where each route can be tried, and gives it to programs at `/openapi.json`.

    URL=http://127.0.0.1:8000
    TOKEN=$(curl -s $URL/api/v1/auth/login -d username=ada --data-urlencode password@FILE \\
        | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')

Send the token with each request, as in the examples. It ends after `A6HUB_ACCESS_TOKEN_SECONDS`, with a log-out, or when
its user is locked. Bodies are JSON unless an example shows otherwise; a field that is not known is an error. Times are
ISO 8601 in UTC, sizes bytes, digests SHA-256. Each answer has the header `X-Request-ID`, by which the operator finds it
in the log; you may send one.
"""
_PROBLEMS = """\
## Problems

Each failure is a problem as in RFC 9457, with the media type `application/problem+json`. `title` names its kind, `detail`
says what happened, `errors` has a field and a message for each fault of the request, and `request_id` is for the
operator. A program goes by the status. A path that there is not answers with 404, a method that a path has not with
405.
"""
_METHODS = ("get", "post", "put", "patch", "delete")
#: What stands for a parameter of a path in examples.
_EXAMPLES = {
    "project_id": 7,
    "job_id": 12,
    "ordinal": 3,
    "artifact_id": 40,
    "path": "src/top.v",
    "name": "host:4711",
}


def page() -> str:
    """Return the page in Markdown."""
    document = openapi()
    parts = [NOTE + _INTRO, _PROBLEMS, _problems(document)]
    for tag in document["tags"]:
        parts.append(f"## {tag['name'].capitalize()}\n\n{tag['description']}\n")
        parts += [_route(*one, document) for one in _operations(document, tag["name"])]
    parts.append("## Bodies\n")
    schemas = document["components"]["schemas"]
    parts += [_schema(name, schemas[name]) for name in sorted(schemas)]
    return "\n".join(parts)


def openapi() -> dict[str, Any]:
    """Return the document of an application with the default settings."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder), database_url="", store_url=""))
        document = app.openapi()
        app.state.context.close()
    return document


def _operations(document: dict[str, Any], tag: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method in filter(operations.__contains__, _METHODS):
            if operations[method]["tags"] == [tag]:
                yield path, method, operations[method]


def _problems(document: dict[str, Any]) -> str:
    rows, answers = [], document["components"]["responses"].values()
    examples = [content["example"] for one in answers for content in one["content"].values()]
    for answer, example in zip(answers, examples, strict=True):
        title, _, words = answer["description"].partition(". ")
        rows.append((str(example["status"]), title, words, code(example["detail"])))
    shown = next(one for one in examples if one["status"] == 422)
    heads = ("status", "title", "what it means", "for instance")
    return f"{table(heads, rows)}\n```json\n{json.dumps(shown, indent=2)}\n```\n"


def _route(path: str, method: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    heading = f"### {method.upper()} {path.removeprefix('/api/v1')}\n"
    words = f"{operation['summary']}. {operation['description']}\n"
    return "\n".join(
        part
        for part in (
            heading,
            words,
            _example(path, method, operation, document),
            _parameters(operation),
            _answers(operation),
        )
        if part
    )


def _example(path: str, method: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    """Return how curl asks the route."""
    words = ["curl"] if method in ("get", "post") else [f"curl -X {method.upper()}"]
    words.append(f"$URL{path.format(**_EXAMPLES)}")
    if "security" in operation:
        words.append('-H "Authorization: Bearer $TOKEN"')
    body = _body(operation, document)
    if method == "post" and not body:
        words.insert(1, "-X POST")
    lines = [" ".join(words), *body]
    return "    " + " \\\n        ".join(lines) + "\n"


def _body(operation: dict[str, Any], document: dict[str, Any]) -> list[str]:
    """Return curl's options for the example of the body, if there is a body."""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        if kind == "application/octet-stream":
            return ["--data-binary @FILE"]
        if kind == "multipart/form-data":
            return ["-F files=@top.v;filename=src/top.v"]
        example = example_of(content, document)
        if kind == "application/json":
            return ["-H 'Content-Type: application/json'", f"-d '{json.dumps(example)}'"]
        return [" ".join(f"-d {name}={value}" for name, value in example.items())]
    return []


def example_of(content: dict[str, Any], document: dict[str, Any]) -> Any:
    """Return the first example of a body: the route's own, else its model's."""
    schema = content["schema"]
    wanted = [schema, *schema.get("anyOf", [])]
    names = [one["$ref"].rpartition("/")[2] for one in wanted if "$ref" in one]
    models = [document["components"]["schemas"][name] for name in names]
    return next(one["examples"][0] for one in [content, *wanted, *models] if "examples" in one)


def _parameters(operation: dict[str, Any]) -> str:
    rows = [
        (code(one["name"]), one["in"], kind_of(one["schema"]), one.get("description", ""))
        for one in operation.get("parameters", [])
        if one["in"] != "path"
    ]
    return table(("parameter", "in", "kind", "what it is"), rows)


def _answers(operation: dict[str, Any]) -> str:
    lines = []
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        told = kind_of(content["schema"]) if "schema" in content else "bytes"
        lines.append(f"Body: {told}{'' if kind == 'application/json' else f', as {code(kind)}'}.")
    problems = []
    for status, answer in operation["responses"].items():
        if "$ref" in answer:
            problems.append(status)
        else:
            lines.append(f"Answer {status}: {_content(answer.get('content', {}))}.")
    lines.append(f"[Problems](#problems): {', '.join(problems)}.")
    return "\n".join(f"- {line}" for line in lines) + "\n"


def _content(content: dict[str, Any]) -> str:
    if not content:
        return "nothing"
    (kind, *others) = content
    if kind == "application/json":
        return kind_of(content[kind]["schema"])
    return " or ".join(map(code, [kind, *others]))


def _schema(name: str, schema: dict[str, Any]) -> str:
    """Return the section of a body."""
    words = one_line(schema.get("description"))
    needed = schema.get("required", [])
    rows = [
        (code(field), kind_of(one), "yes" if field in needed else "", _default(one))
        for field, one in schema.get("properties", {}).items()
    ]
    shape = table(("field", "kind", "always", "default"), rows)
    return f"### {name}\n\n{words}\n\n{shape or kind_of(schema)}\n"


def _default(schema: dict[str, Any]) -> str:
    default = schema.get("default")
    return code(json.dumps(default)) if default not in (None, "", [], {}) else ""
