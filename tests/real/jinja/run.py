"""Renders every template of cases.py with Jinja2 and with pf: `run.py PF WORK`; one line a template."""

import json
import subprocess
import sys
from pathlib import Path

import jinja2
from cases import ALIKE, DIFFERENT, ERROR, PARTIALS, REFUSED, TICKET

TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


def reference():
    # As pf documents it: undefined names are errors, the last newline stays, and an included file loses its own.
    included = {name: text.removesuffix("\n") for name, text in PARTIALS.items()}
    loader = jinja2.DictLoader(included)
    return jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, keep_trailing_newline=True, extensions=["jinja2.ext.loopcontrols"])


def by_jinja(environment, template):
    try:
        return environment.from_string(template).render(TICKET)
    except (jinja2.TemplateError, ArithmeticError):
        return ERROR


def write(project, prompts):
    """JSON is YAML: written this way, no YAML rule stands between the template and pf."""
    (project / "prompts").mkdir(parents=True)
    (project / "pf.yaml").write_text("{}\n", encoding="utf-8")
    (project / "vars.json").write_text(json.dumps(TICKET), encoding="utf-8")
    for name, text in PARTIALS.items():
        path = project / "prompts" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    variables = {name: {"type": TYPES[type(value)]} for name, value in TICKET.items()}
    for name, template in prompts.items():
        prompt = {
            "description": "One template.",
            "model": "openai/gpt-4o-mini-2024-07-18",
            "variables": variables,
            "messages": [{"role": "user", "content": template}],
        }
        (project / "prompts" / f"{name}.yaml").write_text(json.dumps(prompt, ensure_ascii=False, indent=1), encoding="utf-8")


def by_pf(pf, project, name):
    """The text, or ERROR for exit code 2; anything else is shown as it is."""
    command = [pf, "-C", project, "render", name, "--vars", project / "vars.json", "--format", "json"]
    done = subprocess.run(command, capture_output=True, timeout=30, encoding="utf-8", check=False)
    if done.returncode == 2:
        return ERROR, done.stderr
    if done.returncode != 0:
        return f"exit code {done.returncode}", done.stderr
    return json.loads(done.stdout)["messages"][0]["content"], ""


def shown(value):
    return "an error" if value is ERROR else repr(value)


def main(pf, work):
    project = Path(work) / "project"
    environment = reference()
    # (name, template, what Jinja2 must give, what pf must give); None: whatever Jinja2 gives, as long as it gives something.
    cases = [(name, template, None, None) for name, template in ALIKE.items()]
    cases += [(name, template, jinja, ours) for name, (template, jinja, ours) in DIFFERENT.items()]
    cases += [(name, template, ERROR, ERROR) for name, template in REFUSED.items()]
    files = [f"case-{number:03}" for number in range(len(cases))]
    write(project, {file: template for file, (_, template, _, _) in zip(files, cases)})

    passed = failed = 0
    for file, (name, template, jinja, ours) in zip(files, cases):
        theirs = by_jinja(environment, template)
        wanted = theirs if ours is None else ours
        found, said = by_pf(pf, project, file)
        if theirs is ERROR if jinja is None else theirs != jinja:
            why = f"{template!r}: Jinja2 gives {shown(theirs)}: the case itself is wrong"
        elif found != wanted:
            why = f"{template!r}: pf gives {shown(found)}, not {shown(wanted)} {said.strip()[-300:]}"
        else:
            passed += 1
            print(f"ok    jinja: {name}")
            continue
        failed += 1
        print(f"FAIL  jinja: {name}: {why}")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
