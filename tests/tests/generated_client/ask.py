"""Checks the API's description, generates a client from it with openapi-python-client, and asks flowd by that client.

Arguments: the description (a file), the management socket, a folder for the client.
"""

import importlib
import json
import pathlib
import subprocess
import sys

import httpx
from openapi_spec_validator import OpenAPIV31SpecValidator

document, socket, folder = sys.argv[1:]

OpenAPIV31SpecValidator(json.loads(pathlib.Path(document).read_text())).validate()

# Nothing is run on what is generated: it need not be beautiful.
config = pathlib.Path(folder, "config.json")
config.write_text(json.dumps({"post_hooks": []}))

subprocess.run(
    [
        pathlib.Path(sys.executable).with_name("openapi-python-client"),
        "generate",
        "--config",
        config,
        "--path",
        document,
        "--meta",
        "none",
        "--output-path",
        pathlib.Path(folder, "flowd_client"),
        "--fail-on-warning",
    ],
    check=True,
)

sys.path.insert(0, folder)
models = importlib.import_module("flowd_client.models")
client = importlib.import_module("flowd_client").Client(
    base_url="http://flowd",
    httpx_args={"transport": httpx.HTTPTransport(uds=socket)},
)


def ask(tag, operation, *arguments, **parameters):
    """Calls the function of a route; the answer must be one of the types that the route declares."""
    function = importlib.import_module(f"flowd_client.api.{tag}.{operation}").sync
    answer = function(*arguments, client=client, **parameters)
    assert answer is not None, operation
    return answer


asked = 0


def expect(what, found, wanted):
    global asked
    asked += 1
    assert found == wanted, f"{what}: {found!r} is not {wanted!r}"


version = ask("version", "version")
expect("program", version.program, "flowd")
expect("role", ask("whoami", "whoami").role, models.IdentityRole.ADMIN)
expect("loopback", [one.name for one in ask("interfaces", "interfaces").interfaces if one.loopback], ["lo"])
expect("names", [one.name for one in ask("names", "names", kind=models.NamesKind.SAMPLER).names], ["S"])

session = ask("sessions", "begin_session", body=models.Begin(via="python")).session
edit = models.Edit(text="set flow sampler S rate 20", dialect=models.EditDialect.SET)
expect("changes", ask("sessions", "edit", session, body=edit).changes, 2)
difference = ask("compare", "compare", session=session, format_=models.CompareFormat.SET).text
expect("difference", difference.splitlines()[-1], "set flow sampler S rate 20")
expect("warnings", ask("sessions", "check", session, body=models.Nothing()).warnings, [])
committed = ask("sessions", "commit", session, body=models.Commit(comment="by a generated client"))
expect("revision", committed.revision, version.revision + 1)
revisions = ask("revisions", "revisions").revisions
expect("comment", (revisions[0].comment, revisions[0].via), ("by a generated client", "python"))
samplers = ask("flow", "samplers", name="S").samplers
expect("sampler", (samplers[0].rate, samplers[0].mode), (20, models.SamplerMode.RANDOM))
monitor = ask("flow", "monitors").monitors[0]
expect("monitor", (monitor.name, monitor.cache.update_timeout), ("M", None))
cache = ask("flow", "cache", "M", filter_=["ipv4 protocol=1"], top=5)
expect("cache", (cache.shown, cache.matched), (len(cache.flows), cache.shown))
expect("balanced", ask("flow", "loss").balanced, True)

# A refusal is an answer, too.
refused = ask("flow", "cache", "no-such-monitor")
expect("refusal", (refused.errors[0].code, refused.errors[0].hint), (models.RefusalCode.NOT_FOUND, "there are: M"))

print(f"{asked} answers")
