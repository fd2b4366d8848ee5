"""The pages: compiled strictly against the package's sources, bundled, and rendered as a server does.

That they talk is shown in Chromium by ``tests/package-web/guide.test.js``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import EXAMPLES, HERE, ROOT, run, runs

SOURCES = ROOT / "bindings-wasm/web"
RENDER = """
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { Story } from '{pages}/Story.tsx';
import { Revisable } from '{pages}/Revisable.tsx';
console.log(renderToString(createElement(Story, { id: 7, text: 'There was an owl.' })));
console.log(renderToString(createElement(Revisable, { initial: 'There was an owl.' })));
"""


def program(name: str) -> Path:
    return HERE / "node_modules" / name


@runs("page/talk.ts", "page/client.ts", "page/migrated.ts", "page/headers.ts", "page/Story.tsx", "page/Revisable.tsx")
def test_every_page_compiles_strictly(tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    settings = json.loads((EXAMPLES / "page/tsconfig.json").read_text())
    settings["compilerOptions"] |= {
        "paths": {
            "@nova-sonic/web": ["./web/index.ts"],
            "@nova-sonic/web/react": ["./web/react/index.ts"],
        },
        "allowImportingTsExtensions": True,
        "skipLibCheck": True,
        "stripInternal": True,
    }
    settings["include"] = ["pages/*", "web/*.d.ts", "web/worker/nova-sonic-engine.d.ts"]
    # a copy finds the packages of this folder, and not those that the package itself is built with
    shutil.copytree(SOURCES, tmp_path / "web")
    (tmp_path / "pages").mkdir()
    for page in (EXAMPLES / "page").glob("*.ts*"):
        if page.suffix in {".ts", ".tsx"}:
            (tmp_path / "pages" / page.name).write_bytes(page.read_bytes())
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))
    command = ["node", str(program("typescript/bin/tsc")), "-p", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def bundled(source: Path, folder: Path, *options: str) -> Path:
    out = folder / f"{source.stem}.out.mjs"
    alias = [f"--alias:@nova-sonic/web/react={SOURCES}/react/index.ts", f"--alias:@nova-sonic/web={SOURCES}/index.ts"]
    # made by the package's own build, and loaded only where its files cannot be
    options = ("--bundle", "--format=esm", "--jsx=automatic", "--external:*/inline.js", *options)
    env = {**os.environ, "NODE_PATH": str(HERE / "node_modules")}
    command = [program("esbuild/bin/esbuild"), source, f"--outfile={out}", *alias, *options, "--log-level=warning"]
    run(*command, cwd=HERE, env=env)
    return out


def test_a_server_renders_the_components(tmp_path: Path) -> None:
    entry = tmp_path / "render.tsx"
    entry.write_text(RENDER.replace("{pages}", str(EXAMPLES / "page")))
    banner = "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
    out = bundled(entry, tmp_path, "--platform=node", banner)
    html = run("node", out, cwd=tmp_path, env=dict(os.environ))
    story, revisable = html.splitlines()
    assert "<button" in story and 'role="status"' in story and 'role="meter"' in story
    assert "Hold to talk" in revisable and "There was an owl." in revisable


@runs("page/page.html")
def test_the_page_has_every_element_that_its_program_looks_for(tmp_path: Path) -> None:
    page = (EXAMPLES / "page/page.html").read_text(encoding="utf-8")
    source = (EXAMPLES / "page/talk.ts").read_text(encoding="utf-8")
    looked_for = {part.split("'")[0] for part in source.split("querySelector('#")[1:]}
    assert looked_for == {"talk", "stop", "captions", "problem"}
    assert all(f'id="{name}"' in page for name in looked_for)
    assert bundled(EXAMPLES / "page/talk.ts", tmp_path).stat().st_size > 1000


@pytest.fixture(autouse=True)
def packages() -> None:
    if not program("typescript").exists():
        pytest.fail(f"the packages of {HERE} are not installed: run `cargo xtask test --only docs`")
