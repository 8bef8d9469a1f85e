// Python's packages for these tests, pinned, in folders beside node's own.

import { execFileSync } from "node:child_process";
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const HERE = path.dirname(fileURLToPath(import.meta.url));

/** The interpreter with what `requirements` names, a file here or a whole path; installed where that is newer than the installation. */
export function python(requirements) {
  const wanted = path.resolve(HERE, requirements);
  const venv = path.join(path.dirname(wanted), "node_modules", path.basename(wanted, ".txt"));
  const [mark, interpreter] = [path.join(venv, "installed"), path.join(venv, "bin", "python")];
  if (!existsSync(mark) || statSync(mark).mtimeMs < statSync(wanted).mtimeMs) {
    rmSync(venv, { recursive: true, force: true });
    execFileSync("python3", ["-m", "venv", venv], { stdio: "inherit" });
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted];
    execFileSync(interpreter, pip, { stdio: "inherit" });
    writeFileSync(mark, "");
  }
  return interpreter;
}
