// Lints Python files with ruff's WebAssembly build: settings as JSON, then the files. --fix mends what it can.
import { readFileSync, writeFileSync } from "node:fs";
import ruff from "@astral-sh/ruff-wasm-nodejs";

const [settings, ...words] = process.argv.slice(2);
const fix = words.includes("--fix");
const workspace = new ruff.Workspace(JSON.parse(settings), ruff.PositionEncoding.Utf16);
let found = 0;

for (const file of words.filter((word) => word !== "--fix")) {
  let text = readFileSync(file, "utf8");
  let problems = workspace.check(text);
  // One mend at a time: the next one's places are those of the text that it left.
  for (let mendable; fix && (mendable = problems.find((problem) => problem.fix)); problems = workspace.check(text)) {
    text = mended(text, mendable.fix.edits);
    writeFileSync(file, text);
  }
  for (const { start_location: at, code, message } of problems) {
    console.error(`${file}:${at.row}:${at.column}: ${code ?? "syntax"} ${message}`);
    found++;
  }
}
process.exit(found > 0 ? 1 : 0);

/** Applies edits from the last one to the first, so that none moves another's place. */
function mended(text, edits) {
  const starts = [0];
  for (let i = 0; i < text.length; i++) if (text[i] === "\n") starts.push(i + 1);
  const offset = ({ row, column }) => (starts[row - 1] ?? text.length) + column - 1;
  return edits
    .map((edit) => [offset(edit.location), offset(edit.end_location), edit.content ?? ""])
    .sort((a, b) => b[0] - a[0])
    .reduce((result, [from, to, content]) => result.slice(0, from) + content + result.slice(to), text);
}
